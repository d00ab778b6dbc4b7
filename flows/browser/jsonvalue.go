package browser

import "github.com/ysmood/gson"

// jsonString is a string as rod's messages want a JSON value.
func jsonString(s string) gson.JSON { return gson.New(s) }
