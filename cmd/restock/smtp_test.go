package main

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
)

// rawMail is a mail server that says what a script tells it to. answer gets each command, "DOT" for the end of a message, and
// "HELLO" when somebody connects; "" drops the line.
func rawMail(t testing.TB, answer func(command string) string) (host, port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go talkMail(conn, answer)
		}
	}()
	host, port, err = net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return host, port
}

func talkMail(conn net.Conn, answer func(string) string) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	say := func(command string) bool {
		text := answer(command)
		if text == "" {
			return false
		}
		_, err := fmt.Fprint(conn, strings.ReplaceAll(text, "\n", "\r\n")+"\r\n")
		return err == nil
	}
	if !say("HELLO") {
		return
	}
	for {
		line, err := r.ReadString('\n')
		if err != nil || !say(strings.TrimSpace(line)) {
			return
		}
		if !strings.HasPrefix(strings.ToUpper(line), "DATA") {
			continue
		}
		for line != ".\r\n" {
			if line, err = r.ReadString('\n'); err != nil {
				return
			}
		}
		if !say("DOT") {
			return
		}
	}
}

// polite answers like a server that takes everything.
func polite(command string) string {
	verb, _, _ := strings.Cut(strings.ToUpper(command), " ")
	switch verb {
	case "HELLO":
		return "220 mail.example ESMTP"
	case "EHLO", "HELO":
		return "250-mail.example\n250 8BITMIME"
	case "DATA":
		return "354 go on"
	case "QUIT":
		return "221 bye"
	}
	return "250 2.0.0 ok"
}
