package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

// built is the web app as "make build" leaves it; nothing but .keep without Node.
//
//go:embed all:app
var built embed.FS

//go:embed placeholder.html
var placeholder []byte

// app serves the files of the web app. What has a hash in its name, all under /assets, is cached for ever; pages are
// asked for again each time.
type app struct {
	files map[string]*file
	index *file
}

// file is one file, compressed when it is first asked for.
type file struct {
	content     []byte
	contentType string
	etag        string
	compressed  func() []byte // nil if it would not get smaller
}

// newApp serves the files of a tree, or the placeholder if it has no index.html.
func newApp(tree fs.FS) *app {
	a := &app{files: map[string]*file{}, index: newFile("index.html", placeholder)}
	fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		hidden := strings.HasPrefix(path.Base(name), ".") && name != "." // .keep, and what the build leaves for its tools
		switch {
		case err == nil && hidden && entry.IsDir():
			return fs.SkipDir
		case err != nil || hidden || entry.IsDir():
			return err
		}
		content, err := fs.ReadFile(tree, name)
		if err == nil {
			a.files["/"+name] = newFile(name, content)
		}
		return err
	})
	if page, ok := a.files["/index.html"]; ok {
		a.index = page
		delete(a.files, "/index.html")
	}
	return a
}

// contentTypes are those of the files there are. The system's table may say otherwise, or nothing.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml", ".woff2": "font/woff2", ".png": "image/png", ".json": "application/json",
}

func newFile(name string, content []byte) *file {
	sum := sha256.Sum256(content)
	f := &file{content: content, etag: `"` + hex.EncodeToString(sum[:8]) + `"`, contentType: contentTypes[path.Ext(name)]}
	f.compressed = sync.OnceValue(func() []byte {
		var b bytes.Buffer
		w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is a valid one
		w.Write(content)
		w.Close()
		if b.Len() >= len(content) {
			return nil
		}
		return b.Bytes()
	})
	return f
}

// pages are the first parts of the app's own paths. The app itself shows what is wrong with others.
var pages = map[string]bool{
	"": true, "signin": true, "users": true, "create-user": true, "groups": true, "roles": true, "policies": true, "account": true, "coverage": true,
	"events": true, "credential-report": true, "security-credentials": true,
}

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "The method must be GET.", http.StatusMethodNotAllowed)
		return
	}
	if f, ok := a.files[r.URL.Path]; ok {
		if strings.HasPrefix(r.URL.Path, "/assets/") {
			header.Set("Cache-Control", "public, max-age=31536000, immutable")
		} else {
			header.Set("Cache-Control", "public, max-age=3600")
		}
		f.serve(w, r, http.StatusOK)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/assets/") {
		http.Error(w, "There is no such file.", http.StatusNotFound)
		return
	}
	header.Set("Cache-Control", "no-cache")
	status := http.StatusOK
	if first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/"); !pages[first] {
		status = http.StatusNotFound
	}
	a.index.serve(w, r, status)
}

func (f *file) serve(w http.ResponseWriter, r *http.Request, status int) {
	header := w.Header()
	header.Set("ETag", f.etag)
	header.Set("Vary", "Accept-Encoding")
	if r.Header.Get("If-None-Match") == f.etag && status == http.StatusOK {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	content := f.content
	if acceptsGzip(r.Header.Get("Accept-Encoding")) {
		if small := f.compressed(); small != nil {
			content = small
			header.Set("Content-Encoding", "gzip")
		}
	}
	header.Set("Content-Type", f.contentType)
	header.Set("Content-Length", strconv.Itoa(len(content)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(content)
	}
}

// acceptsGzip is false for "gzip;q=0", the way to decline it.
func acceptsGzip(accepted string) bool {
	for part := range strings.SplitSeq(accepted, ",") {
		coding, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.TrimSpace(coding) == "gzip" {
			q := strings.TrimPrefix(strings.ReplaceAll(weight, " ", ""), "q=")
			value, err := strconv.ParseFloat(q, 64)
			return err != nil || value > 0
		}
	}
	return false
}
