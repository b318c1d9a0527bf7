package slotdebug

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

func (h *Handler) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "slotdebug: method "+r.Method+": want GET or HEAD", http.StatusMethodNotAllowed)
		return
	}
	format, since, err := asked(r)
	if err != nil {
		http.Error(w, "slotdebug: "+err.Error(), http.StatusBadRequest)
		return
	}
	var body []byte
	kind := "text/plain"
	switch v := h.look(since); format {
	case "html":
		kind = "text/html"
		w.Header().Set("Content-Security-Policy", policy)
		body, err = page(v)
	case "json":
		kind = "application/json"
		body, err = json.Marshal(v)
	default:
		var text bytes.Buffer
		v.print(&text)
		body = text.Bytes()
	}
	if err != nil {
		http.Error(w, "slotdebug: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", kind+"; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(body) // who asked may have gone
}

// asked says in which format to answer, and from when on samples are wanted, in Unix
// milliseconds.
func asked(r *http.Request) (format string, since int64, err error) {
	q := r.URL.Query()
	if s := q.Get("since"); s != "" {
		if since, err = strconv.ParseInt(s, 10, 64); err != nil {
			return "", 0, fmt.Errorf("since=%q: want milliseconds", s)
		}
	}
	switch format = q.Get("format"); format {
	case "html", "json", "text":
		return format, since, nil
	case "":
	default:
		return "", 0, fmt.Errorf("format=%q: want html, json or text", format)
	}
	switch accept := strings.Join(r.Header.Values("Accept"), ","); {
	case strings.Contains(accept, "text/html"): // any browser says so
		return "html", since, nil
	case strings.Contains(accept, "application/json"):
		return "json", since, nil
	}
	return "text", since, nil
}
