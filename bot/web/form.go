package web

import (
	"io"
	"mime"
	"net/http"
	"strings"
)

// fields reads a form in either encoding. A body that is no form at all is taken as an empty one: the address says enough.
func fields(r *http.Request) (map[string]string, error) {
	kind, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	var err error
	switch {
	case kind == "multipart/form-data" && params["boundary"] != "":
		err = r.ParseMultipartForm(maxForm)
	case kind == "application/x-www-form-urlencoded":
		err = r.ParseForm()
	default:
		_, err = io.Copy(io.Discard, r.Body)
	}
	if err != nil {
		return nil, err
	}
	list := map[string]string{}
	for name := range r.PostForm {
		list[name] = r.PostForm.Get(name)
	}
	if r.MultipartForm != nil {
		for name, values := range r.MultipartForm.Value {
			list[name] = strings.Join(values, "")
		}
	}
	return list, nil
}
