package livepage

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/slotpool/slotpool/connpool"
)

func TestPageShowsTheGlobalPool(t *testing.T) {
	connpool.GetResourcePool()
	p, err := Open("127.0.0.1:0", map[string]*connpool.Pool{"users": {}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	answer, err := http.Get(p.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || !strings.HasPrefix(string(text), "pool connections\n") || !strings.Contains(string(text), "\nconnections users\n") {
		t.Fatalf("%v, %q", err, text)
	}
	p.Close()
	if _, err := http.Get(p.URL()); err == nil {
		t.Error("it is still there")
	}
}

func TestNoAddressNoPage(t *testing.T) {
	p, err := Open("", nil)
	if p != nil || err != nil || p.Descriptors() != 0 {
		t.Fatal(p, err)
	}
	p.Close()
}

func TestBadAddressIsNamed(t *testing.T) {
	if _, err := Open("nonsense", nil); err == nil || !strings.Contains(err.Error(), "-http nonsense: ") {
		t.Fatal(err)
	}
}
