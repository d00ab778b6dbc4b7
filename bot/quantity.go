package bot

import (
	"fmt"
	"strconv"
	"strings"
)

// Quantity is a number of units in stock, in millionths of a unit, so that 12.50 kg is exact. It may be negative
// (oversold).
type Quantity int64

// unit is one whole piece, kilogram, … in a Quantity.
const unit Quantity = 1_000_000

// Units returns the quantity of n whole units.
func Units(n int64) Quantity { return Quantity(n) * unit }

// ParseQuantity reads a plain decimal number: an optional '-', digits, and at most six digits after a '.'. Thousands
// signs, units and other languages are the business of the selector file and refused here.
func ParseQuantity(s string) (Quantity, error) {
	whole, frac, _ := strings.Cut(s, ".")
	digits, neg := strings.CutPrefix(whole, "-")
	if !isDigits(digits) || len(digits) > 12 || len(frac) > 6 || strings.Contains(s, ".") && !isDigits(frac) {
		return 0, fmt.Errorf("%q is not a quantity: expected digits with at most six decimals, such as 12.50", s)
	}
	n, err := strconv.ParseInt(digits+frac+strings.Repeat("0", 6-len(frac)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a quantity: %w", s, err)
	}
	if neg {
		n = -n
	}
	return Quantity(n), nil
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// String writes the shortest decimal form: 12.5, -3, 0.
func (q Quantity) String() string {
	sign, n := "", uint64(q)
	if q < 0 {
		sign, n = "-", uint64(-q)
	}
	frac := strings.TrimRight(fmt.Sprintf("%06d", n%uint64(unit)), "0")
	if frac != "" {
		frac = "." + frac
	}
	return sign + strconv.FormatUint(n/uint64(unit), 10) + frac
}

// MarshalText makes a quantity readable in JSON, logs and reports.
func (q Quantity) MarshalText() ([]byte, error) { return []byte(q.String()), nil }

// MarshalJSON writes a plain JSON number.
func (q Quantity) MarshalJSON() ([]byte, error) { return []byte(q.String()), nil }

// UnmarshalJSON reads a plain JSON number with at most six decimals.
func (q *Quantity) UnmarshalJSON(b []byte) error {
	n, err := ParseQuantity(string(b))
	*q = n
	return err
}
