package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// axe-core checks pages for what keeps people with disabilities from using them. It is fetched from the npm registry, once for a machine.
const (
	axeURL = "https://registry.npmjs.org/axe-core/-/axe-core-4.14.1.tgz"
	axeSum = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
)

// axeSource is the script, or why it cannot be had.
var axeSource = sync.OnceValues(func() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	file := filepath.Join(dir, "restock-tests", "axe-core-4.14.1.tgz")
	data, err := os.ReadFile(file)
	if err != nil || sum(data) != axeSum {
		if data, err = fetch(axeURL); err != nil {
			return "", err
		}
		if sum(data) != axeSum {
			return "", errors.New("axe-core is not what it was")
		}
		_ = os.MkdirAll(filepath.Dir(file), 0o755) // without a cache it is fetched again
		_ = os.WriteFile(file, data, 0o644)
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return "", err
	}
	for r := tar.NewReader(unzipped); ; {
		h, err := r.Next()
		if err != nil {
			return "", err
		}
		if h.Name == "package/axe.min.js" {
			text, err := io.ReadAll(r)
			return string(text), err
		}
	}
})

func sum(data []byte) string {
	s := sha512.Sum512(data)
	return base64.StdEncoding.EncodeToString(s[:])
}

func fetch(url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, errors.New(res.Status)
	}
	return io.ReadAll(res.Body)
}

// plainChecks are checks of our own, for machines that cannot reach the registry: they find the worst.
const plainChecks = `const bad=[];const add=(r,e)=>bad.push(r+": "+(e?e.outerHTML.slice(0,120):""));
if(!document.documentElement.lang)add("no language");if(!document.title)add("no title");if(document.querySelectorAll("h1").length!==1)add("not one h1");
if(!document.querySelector("main,[role=article]"))add("no main");
for(const e of document.querySelectorAll("input:not([type=hidden]),select,textarea"))if(!e.labels.length&&!e.ariaLabel&&!e.closest("[aria-hidden]"))add("no label",e);
for(const e of document.querySelectorAll("img:not([alt]),svg[role=img]:not([aria-label])"))add("no text",e);
for(const e of document.querySelectorAll("a,button"))if(!e.textContent.trim()&&!e.ariaLabel&&!e.querySelector("img[alt]:not([alt=''])"))add("no name",e);
const ids={};for(const e of document.querySelectorAll("[id]")){if(ids[e.id])add("an id twice",e);ids[e.id]=1}
for(const e of document.querySelectorAll("th:not([scope])"))add("th without scope",e);`

// examined serves a page with axe-core in it, which leaves what it finds on the page.
func examined(t *testing.T, page string) *httptest.Server {
	t.Helper()
	script := plainChecks + `window.found=JSON.stringify(bad);`
	source, err := axeSource()
	if err != nil {
		t.Logf("axe-core cannot be fetched, only our own checks are made: %v", err)
		source = "window.axe={run:()=>Promise.resolve({violations:[]})}"
	}
	tail := "<script>" + source + "</script><script>(async()=>{" + script + `const r=await axe.run(document,{resultTypes:["violations"]});
const list=bad.concat(r.violations.map(v=>v.id+": "+v.help+" "+v.nodes.map(n=>n.html).join(" ").slice(0,300)));
if(document.documentElement.scrollWidth>window.innerWidth+1)list.push("wider than the window: "+document.documentElement.scrollWidth);
const e=document.createElement("pre");e.id="examined";e.textContent="EXAMINED"+JSON.stringify(list)+"DEXAMINE";document.body.append(e)})()</script></body>`
	if !strings.Contains(page, "</body>") {
		t.Fatal("no body")
	}
	page = strings.Replace(page, "</body>", strings.ReplaceAll(tail, "$", "$"), 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, page)
	}))
	t.Cleanup(s.Close)
	return s
}
