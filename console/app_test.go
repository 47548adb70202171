package console

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

var script = strings.Repeat("console.log('a line of the app');\n", 100)

func built1() *app {
	return newApp(fstest.MapFS{
		".keep":                  {},
		".vite/manifest.json":    {Data: []byte("{}")},
		"index.html":             {Data: []byte("<!doctype html><title>Sallyport</title>")},
		"favicon.svg":            {Data: []byte("<svg/>")},
		"assets/index-abc123.js": {Data: []byte(script)},
	})
}

func get(a http.Handler, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w
}

func TestAppFiles(t *testing.T) {
	for _, test := range []struct {
		path         string
		status       int
		contentType  string
		cacheControl string
		body         string
	}{
		{"/", 200, "text/html; charset=utf-8", "no-cache", "<title>Sallyport"},
		{"/users/alice", 200, "text/html; charset=utf-8", "no-cache", "<title>Sallyport"},
		{"/signin/my-team", 200, "text/html; charset=utf-8", "no-cache", "<title>Sallyport"},
		{"/no-such-page", 404, "text/html; charset=utf-8", "no-cache", "<title>Sallyport"},
		{"/index.html", 404, "text/html; charset=utf-8", "no-cache", "<title>Sallyport"},
		{"/assets/index-abc123.js", 200, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable", "a line of the app"},
		{"/assets/index-older.js", 404, "text/plain; charset=utf-8", "", "no such file"},
		{"/favicon.svg", 200, "image/svg+xml", "public, max-age=3600", "<svg/>"},
		{"/.vite/manifest.json", 404, "text/html; charset=utf-8", "no-cache", "<title>Sallyport"},
		{"/.keep", 404, "text/html; charset=utf-8", "no-cache", "<title>Sallyport"},
		{"/../console.go", 404, "text/html; charset=utf-8", "no-cache", "<title>Sallyport"},
	} {
		w := get(built1(), test.path)
		header := w.Header()
		if w.Code != test.status || header.Get("Content-Type") != test.contentType || header.Get("Cache-Control") != test.cacheControl ||
			!strings.Contains(w.Body.String(), test.body) {
			t.Errorf("GET %s: %d %q %q %.40q", test.path, w.Code, header.Get("Content-Type"), header.Get("Cache-Control"), w.Body)
		}
	}
}

func TestAppIsCompressed(t *testing.T) {
	a := built1()
	for accepted, want := range map[string]string{
		"": "", "br": "", "gzip": "gzip", "br;q=1.0, gzip;q=0.8": "gzip", "gzip;q=0": "", "identity": "",
	} {
		w := get(a, "/assets/index-abc123.js", "Accept-Encoding", accepted)
		body := io.Reader(w.Body)
		if got := w.Header().Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q: Content-Encoding %q, want %q", accepted, got, want)
		} else if got == "gzip" {
			unpacked, err := gzip.NewReader(body)
			if err != nil {
				t.Fatal(err)
			}
			body = unpacked
		}
		if text, err := io.ReadAll(body); err != nil || string(text) != script {
			t.Errorf("Accept-Encoding %q: another text, %v", accepted, err)
		}
		if w.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("Accept-Encoding %q: no Vary", accepted)
		}
	}
	if w := get(a, "/favicon.svg", "Accept-Encoding", "gzip"); w.Header().Get("Content-Encoding") != "" {
		t.Error("a file that compression makes longer is sent compressed")
	}
}

func TestAppIsAskedForAgain(t *testing.T) {
	a := built1()
	tag := get(a, "/").Header().Get("ETag")
	if w := get(a, "/users", "If-None-Match", tag); tag == "" || w.Code != http.StatusNotModified || w.Body.Len() > 0 {
		t.Errorf("the same page again: %d, %d bytes, tag %q", w.Code, w.Body.Len(), tag)
	}
	if w := get(a, "/", "If-None-Match", `"another"`); w.Code != http.StatusOK {
		t.Errorf("another page's tag: %d", w.Code)
	}
}

func TestAppMethods(t *testing.T) {
	for method, want := range map[string]int{"HEAD": 200, "POST": 405, "DELETE": 405, "OPTIONS": 405} {
		w := httptest.NewRecorder()
		built1().ServeHTTP(w, httptest.NewRequest(method, "/users", nil))
		if w.Code != want || method == "HEAD" && w.Body.Len() > 0 {
			t.Errorf("%s: %d with %d bytes", method, w.Code, w.Body.Len())
		}
	}
}

func TestPlaceholderStandsInForTheApp(t *testing.T) {
	w := get(newApp(fstest.MapFS{".keep": {}}), "/")
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Sallyport") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
