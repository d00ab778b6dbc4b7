package proposal

import (
	"fmt"
	"slices"
	"strings"

	"restock/selectors"
	"restock/selectors/recording"
	"restock/selectors/strict"
)

// lineOf is the number of the first line in which two texts differ.
func lineOf(a, b string) int {
	n := 1
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			break
		}
		if a[i] == '\n' {
			n++
		}
	}
	return n
}

// edit replaces what of a text stands between two places.
func edit(text string, from, to int, with string) (edited, was, is string) {
	edited = text[:from] + with + text[to:]
	start := strings.LastIndexByte(text[:from], '\n') + 1
	return edited, strings.TrimSpace(text[start:lineEnd(text, to)]), strings.TrimSpace(edited[start:lineEnd(edited, from+len(with))])
}

func lineEnd(text string, at int) int {
	if i := strings.IndexByte(text[at:], '\n'); i >= 0 {
		return at + i
	}
	return len(text)
}

// offset is where a place of a file is in its text; columns count characters.
func offset(text string, p strict.Pos) (int, bool) {
	at := 0
	for line := 1; line < p.Line; line++ {
		i := strings.IndexByte(text[at:], '\n')
		if i < 0 {
			return 0, false
		}
		at += i + 1
	}
	for column := 1; column < p.Column; column++ {
		if at >= len(text) || text[at] == '\n' {
			return 0, false
		}
		at++
		for at < len(text) && text[at]&0xc0 == 0x80 {
			at++
		}
	}
	return at, true
}

// span is where the value that begins at a place ends: a list or map in brackets, a block, or a word.
func span(text string, p strict.Pos) (from, to int, err error) {
	from, ok := offset(text, p)
	if !ok || from >= len(text) {
		return 0, 0, fmt.Errorf("line %d of the file is not there", p.Line)
	}
	switch text[from] {
	case '{', '[', '"', '\'':
		end, ok := closing(text, from)
		if !ok {
			return 0, 0, fmt.Errorf("line %d: what begins there does not end", p.Line)
		}
		return from, end, nil
	}
	return block(text, from, p.Column-1)
}

// block is where a value ends that is written in lines. One with comments in it is left to people: they would be lost.
func block(text string, from, column int) (int, int, error) {
	comments, to := blockEnd(text, from, column)
	if comments {
		return 0, 0, fmt.Errorf("it was found again, but its lines have comments, which would be lost: change them by hand")
	}
	return from, to, nil
}

// blockEnd is where all ends that follows and stands as far in, and whether there are comments in it.
func blockEnd(text string, from, column int) (comments bool, to int) {
	to, end := lineEnd(text, from), lineEnd(text, from)
	comments = strings.Contains(text[from:to], " #")
	between := false // a comment that may belong to what follows
	for end < len(text) {
		next := text[end+1 : lineEnd(text, end+1)]
		bare := strings.TrimLeft(next, " ")
		in := len(next) - len(bare)
		switch {
		case strings.TrimSpace(next) == "", in < column, strings.HasPrefix(bare, "- ") && in == column:
			end = len(text)
			continue
		case strings.HasPrefix(bare, "#"):
			between = true
		default:
			comments = comments || between || strings.Contains(next, " #")
			to = lineEnd(text, end+1)
		}
		end = lineEnd(text, end+1)
	}
	return comments, to
}

// closing is where a value in brackets or quotes ends.
func closing(text string, from int) (int, bool) {
	depth, quote := 0, byte(0)
	for i := from; i < len(text); i++ {
		c := text[i]
		switch {
		case quote == '"' && c == '\\', quote == '\'' && c == '\'' && i+1 < len(text) && text[i+1] == '\'':
			i++
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
		case (c == '"' || c == '\'') && (i == from || strings.IndexByte("{[,: ", text[i-1]) >= 0):
			quote = c
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
		if depth == 0 && quote == 0 {
			return i + 1, true
		}
	}
	return 0, false
}

// retarget writes another target in the place of one, and keeps what of it says how many there may be.
func retarget(text string, old selectors.Target, target string) (edited, was, is string, err error) {
	from, to, err := span(text, old.Pos)
	if err != nil {
		return "", "", "", err
	}
	for _, flag := range []struct {
		name string
		set  bool
	}{{"first", old.First}, {"hidden", old.Hidden}} {
		if flag.set {
			target = strings.TrimSuffix(target, "}") + ", " + flag.name + ": true}"
		}
	}
	edited, was, is = edit(text, from, to, target)
	return edited, was, is, nil
}

// revalue writes another value of a key into the map that begins at a place.
func revalue(text string, p strict.Pos, key, value string) (edited, was, is string, err error) {
	from, ok := offset(text, p)
	if !ok || from >= len(text) {
		return "", "", "", fmt.Errorf("line %d of the file is not there", p.Line)
	}
	to := from
	if text[from] == '{' {
		if to, ok = closing(text, from); !ok {
			to = from
		}
	} else {
		_, to = blockEnd(text, from, p.Column-1)
	}
	if text[from] == '&' || text[from] == '*' || text[from] == '!' {
		to = from
	}
	for at := from; at < to; {
		i := strings.Index(text[at:to], key+":")
		if i < 0 {
			break
		}
		at += i
		line := text[strings.LastIndexByte(text[:at], '\n')+1 : at]
		if at > from && !slices.Contains([]byte("{, \n"), text[at-1]) || strings.Contains(line, "#") && !strings.ContainsAny(line, "\"'") {
			at += len(key)
			continue
		}
		begin := at + len(key) + 1
		for begin < to && text[begin] == ' ' {
			begin++
		}
		if begin >= to || strings.IndexByte("\r\n|>&*!{[", text[begin]) >= 0 {
			break
		}
		end, written := begin, recording.Scalar(value)
		if text[begin] == '"' || text[begin] == '\'' {
			if end, ok = closing(text, begin); !ok || end > to {
				break
			}
			written = fmt.Sprintf("%q", value)
		} else {
			stop := "\n"
			if text[from] == '{' {
				stop = ",}\n"
			}
			if i := strings.IndexAny(text[begin:to], stop); i >= 0 {
				end = begin + i
			} else {
				end = to
			}
			if i := strings.Index(text[begin:end], " #"); i >= 0 {
				end = begin + i
			}
		}
		edited, was, is = edit(text, begin, end, written)
		return edited, was, is, nil
	}
	return "", "", "", fmt.Errorf("it was found again, but line %d is written in a way in which nothing can be replaced: write %s: %s there by hand", p.Line, key, recording.Scalar(value))
}
