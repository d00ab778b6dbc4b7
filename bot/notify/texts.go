package notify

import (
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	texttemplate "text/template"

	"restock/bot"
)

//go:embed templates/*
var embedded embed.FS

// texts are the templates of a shop: each by its language and name. A language that has none of its own for a name has that
// of the shop, or else ours.
type texts struct {
	plain map[string]*texttemplate.Template // "fr/mail.txt", "mail.txt"
	pages map[string]*htmltemplate.Template
}

// names are the templates of a message.
func names() []string { return []string{"subject.txt", "mail.txt", "sms.txt", "mail.html"} }

// load reads our templates and over them those of a folder: NAME, and LANGUAGE/NAME.
func load(folder string) (*texts, error) {
	s := &texts{plain: map[string]*texttemplate.Template{}, pages: map[string]*htmltemplate.Template{}}
	ours, err := fs.Sub(embedded, "templates")
	if err != nil {
		return nil, err
	}
	if err := s.add(ours, ""); err != nil {
		return nil, err
	}
	if folder == "" {
		return s, nil
	}
	if err := s.add(os.DirFS(folder), folder); err != nil {
		return nil, err
	}
	return s, s.try()
}

func (s *texts) add(files fs.FS, folder string) error {
	var errs []error
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if strings.HasPrefix(d.Name(), ".") || strings.HasSuffix(d.Name(), "~") {
			return nil
		}
		if !slices.Contains(names(), d.Name()) || strings.Count(path, "/") > 1 {
			errs = append(errs, fmt.Errorf("%s: expected %s, or the same in a folder of a language such as fr", filepath.Join(folder, path), strings.Join(names(), ", ")))
			return nil
		}
		text, err := fs.ReadFile(files, path)
		if err == nil {
			err = s.parse(strings.ToLower(path), string(text))
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", filepath.Join(folder, path), err))
		}
		return nil
	})
	return errors.Join(append(errs, err)...)
}

func (s *texts) parse(name, text string) (err error) {
	if strings.HasSuffix(name, ".html") {
		s.pages[name], err = htmltemplate.New(name).Parse(text)
		return err
	}
	s.plain[name], err = texttemplate.New(name).Parse(text)
	return err
}

// languages are those of which a template is looked for, best first: "fr-CA" is fr-ca, fr, and the shop's own.
func languages(language string) []string {
	language = strings.ToLower(strings.TrimSpace(strings.ReplaceAll(language, "_", "-")))
	if strings.Trim(language, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || language == "" {
		return []string{""}
	}
	base, _, _ := strings.Cut(language, "-")
	return []string{language + "/", base + "/", ""}
}

func (s *texts) text(name, language string) *texttemplate.Template {
	for _, l := range languages(language) {
		if t := s.plain[l+name]; t != nil {
			return t
		}
	}
	return nil
}

func (s *texts) page(name, language string) *htmltemplate.Template {
	for _, l := range languages(language) {
		if t := s.pages[l+name]; t != nil {
			return t
		}
	}
	return nil
}

// try writes each text with everything there, and with everything that may be missing gone: a shop hears of a mistake when its
// texts are read, and not when customers wait. A message must name the link and the way to leave.
func (s *texts) try() error {
	full := Facts{
		Shop: "Shop", Contact: "1 Street", Unsubscribe: "https://leave.example/u", Product: "Product", Variant: "L", SKU: "SKU", Price: "$5",
		Picture: "https://shop.example/p.png", Link: "https://shop.example/product", Customer: "Customer",
	}
	langs := map[string]bool{"": true}
	for name := range s.plain {
		if language, _, ok := strings.Cut(name, "/"); ok {
			langs[language] = true
		}
	}
	var errs []error
	for language := range langs {
		full.Language = language
		bare := Facts{Product: full.Product, Link: full.Link, Language: language, Unsubscribe: full.Unsubscribe}
		for _, f := range []Facts{full, bare} {
			var m bot.Message
			if err := s.write(&m, f); err != nil {
				errs = append(errs, err)
				continue
			}
			for part, text := range map[string]string{"mail.txt": m.Text, "mail.html": m.HTML, "sms.txt": m.SMS} {
				for what, want := range map[string]string{"Link": f.Link, "Unsubscribe": f.Unsubscribe} {
					if !strings.Contains(text, want) {
						errs = append(errs, fmt.Errorf("%s does not show {{.%s}}: the customer needs it", strings.TrimPrefix(language+"/"+part, "/"), what))
					}
				}
			}
			if m.Subject == "" || strings.ContainsAny(m.Subject, "\r\n") {
				errs = append(errs, fmt.Errorf("%s: expected one line", strings.TrimPrefix(language+"/subject.txt", "/")))
			}
		}
	}
	return errors.Join(errs...)
}
