package selectors

import _ "embed"

//go:embed README.md
var manual string

// Manual is the reference of the selector file, for `restock help selectors`.
func Manual() string { return manual }
