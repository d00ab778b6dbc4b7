package admin

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"

	"golang.org/x/crypto/argon2"
)

// HashPassword makes what is kept of a password: argon2id$salt$hash.
func HashPassword(password string) string {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails: crypto/rand ends the program instead
	return "argon2id$" + base64.RawStdEncoding.EncodeToString(salt) + "$" + base64.RawStdEncoding.EncodeToString(argon(password, salt))
}

func argon(password string, salt []byte) []byte {
	return argon2.IDKey([]byte(password), salt, argonPasses, argonMemory, 1, 32)
}

// CheckHash reports whether a text is what HashPassword makes.
func CheckHash(text string) error {
	_, _, err := parseHash(text)
	return err
}

func parseHash(text string) (salt, hash []byte, err error) {
	parts := strings.Split(strings.TrimSpace(text), "$")
	if len(parts) != 3 || parts[0] != "argon2id" {
		return nil, nil, errors.New("expected what `restock password` prints: argon2id$…$…")
	}
	salt, err = base64.RawStdEncoding.DecodeString(parts[1])
	if err == nil {
		hash, err = base64.RawStdEncoding.DecodeString(parts[2])
	}
	if err != nil || len(salt) < 8 || len(hash) != 32 {
		return nil, nil, errors.New("expected what `restock password` prints: it is cut off")
	}
	return salt, hash, nil
}
