package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"restock/bot"
	"restock/bot/notify"
	"restock/bot/notify/email"
	"restock/state"
	"restock/state/freeport"
	"restock/state/journal"
)

// BenchmarkDeliver sends over the whole path: claim, template, dot-pending, journal, SMTP over 8 connections, reply recorded;
// with and without DKIM. Where postfix's smtp-source and smtp-sink are installed, the same sink takes as many messages of the
// same size from smtp-source in the same run, and the ratio is printed.
func BenchmarkDeliver(b *testing.B) {
	sink, isPostfix := benchSink(b)
	for _, signed := range []bool{false, true} {
		b.Run(map[bool]string{false: "plain", true: "dkim"}[signed], func(b *testing.B) {
			const messages = 20000
			var ours, theirs time.Duration
			for b.Loop() {
				size := 0
				took := benchDeliver(b, sink, messages, signed, &size)
				ours += took
				if isPostfix {
					theirs += benchSource(b, sink, messages, size)
				}
			}
			rate := float64(messages*b.N) / ours.Seconds()
			b.ReportMetric(rate, "messages/s")
			if isPostfix {
				b.ReportMetric(theirs.Seconds()/ours.Seconds(), "x-smtp-source")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// benchSink starts a server that takes everything: postfix's, or else one of our own.
func benchSink(b *testing.B) (address string, postfix bool) {
	b.Helper()
	program, err := exec.LookPath("smtp-sink")
	if err != nil {
		b.Log("smtp-sink is not installed: a sink of our own, and no ratio")
		host, port := rawMail(b, polite)
		return net.JoinHostPort(host, port), false
	}
	address = freeport.Address(b)
	cmd := exec.Command(program, "-u", "nobody", address, "1000")
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for range 100 {
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close()
			return address, true
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.Fatal("smtp-sink does not answer")
	return "", false
}

// benchSource sends with postfix's own load generator.
func benchSource(b *testing.B, sink string, messages, size int) time.Duration {
	b.Helper()
	began := time.Now()
	out, err := exec.Command("smtp-source", "-d", "-s", "8", "-m", strconv.Itoa(messages), "-l", strconv.Itoa(size), "-f", "shop@shop.example", "-t", "c@example.com", sink).CombinedOutput()
	if err != nil {
		b.Fatalf("smtp-source: %v %s", err, out)
	}
	return time.Since(began)
}

func benchDeliver(b *testing.B, sink string, messages int, signed bool, size *int) time.Duration {
	b.Helper()
	dir := b.TempDir()
	address := "bolt://" + filepath.Join(dir, "data")
	if err := state.Create(b.Context(), address); err != nil {
		b.Fatal(err)
	}
	store, err := state.Open(b.Context(), address, state.Runner)
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	ledger := bot.NewLedger(store, time.Now)
	if ledger.Vault, err = bot.NewVault([]byte("a secret of the benchmark")); err != nil {
		b.Fatal(err)
	}
	ledger.Journals = journal.In(filepath.Join(dir, "journal"))
	levels := []bot.Level{{StockLevel: bot.StockLevel{SKU: "TEE-M", Availability: bot.In}, Episode: 1, Open: true}}
	if err := ledger.Commit(b.Context(), bot.Comparison{}, benchPlan(messages)); err != nil {
		b.Fatal(err)
	}
	shop := notify.Shop{Name: "Austral Outdoors", Product: "https://shop.example/products/{sku}", Contact: "1 Example St", Unsubscribe: "mailto:leave@shop.example"}
	render, err := notify.Renderer(shop)
	if err != nil {
		b.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(sink)
	number, _ := strconv.Atoi(port)
	o := email.Options{Host: host, Port: number, TLS: "none", From: "shop@shop.example", Name: "Austral Outdoors", Connections: 8, PerLine: 1 << 20}
	if signed {
		o.DKIM = &email.DKIM{Domain: "shop.example", Selector: "s1", Key: func() string { return benchKey(b) }}
	}
	sender, err := email.New(o, func(n bot.Notification) (bot.Message, error) {
		m, err := render(n)
		*size = len(m.Text) + len(m.HTML) + 800 // headers and the parts' frames
		return m, err
	})
	if err != nil {
		b.Fatal(err)
	}
	defer sender.Close()
	bt := &bot.Bot{Ledger: ledger, Senders: map[bot.Channel]bot.Sender{bot.Email: sender}, Log: slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelError})), Now: time.Now}
	run := bot.NewRun("shop", "bench", time.Now())
	job := bot.Job{Name: "shop", Policy: bot.Policy{Channels: []bot.Channel{bot.Email}, Life: time.Hour}}
	began := time.Now()
	if err := bt.Deliver(context.Background(), job, &run, levels); err != nil {
		b.Fatal(err)
	}
	took := time.Since(began)
	if run.Accepted[bot.Email] != messages {
		b.Fatalf("%d accepted of %d: %v", run.Accepted[bot.Email], messages, run.Warnings)
	}
	return took
}

func benchPlan(messages int) []bot.Notification {
	plan := make([]bot.Notification, messages)
	now := time.Now()
	for i := range plan {
		id, mail := strconv.Itoa(i), fmt.Sprintf("c%d@example.com", i)
		plan[i] = bot.Notification{
			Key: bot.Key("shop", "TEE-M", 1, id), Job: "shop", Channel: bot.Email, Address: mail, State: bot.Queued, Due: now, NotAfter: now.Add(time.Hour),
			Restock:      bot.Restock{Job: "shop", SKU: "TEE-M", Number: 1, Name: "T-shirt Uluru, medium", Opened: now},
			Subscription: bot.Subscription{ID: id, SKU: "TEE-M", Customer: "Customer " + id, Email: mail, Consent: bot.ConsentGiven},
			Changes:      []bot.Change{{At: now, To: bot.Queued}},
		}
	}
	return plan
}

// benchKey makes a private key as `openssl genrsa 2048` does.
func benchKey(b *testing.B) string {
	b.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	data, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		b.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: data}))
}
