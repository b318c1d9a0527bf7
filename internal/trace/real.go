package trace

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// mostAddresses bounds what a file may claim to have, so that a damaged one is
// an error rather than a want of memory.
const mostAddresses = 1 << 26

// Read reads a trace of one user from a gzip file of unsigned varints, each
// the number of an address in order of first use. The trace has no Slots yet.
func Read(file string) (*Trace, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	t := &Trace{Name: strings.TrimSuffix(filepath.Base(file), ".gz"), Users: 1}
	for in := bufio.NewReader(z); ; {
		a, err := binary.ReadUvarint(in)
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: access %d: %w", file, len(t.Steps), err)
		}
		if a >= mostAddresses {
			return nil, fmt.Errorf("%s: access %d: address %d, want less than %d", file, len(t.Steps), a, mostAddresses)
		}
		t.Steps = append(t.Steps, Step{Address: uint32(a)})
		t.Addresses = max(t.Addresses, int(a)+1)
	}
	if len(t.Steps) == 0 {
		return nil, fmt.Errorf("%s: no accesses", file)
	}
	return t, nil
}

// Files lists the traces in a directory, by name.
func Files(directory string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(directory, "*.gz"))
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("no traces (*.gz) in %q", directory)
	}
	return files, err
}

// First returns the first n steps of t, which is of one user, or all if there are
// fewer.
func (t *Trace) First(n int) *Trace {
	cut := *t
	cut.Steps = t.Steps[:min(n, len(t.Steps))]
	cut.Addresses = 0
	for _, s := range cut.Steps {
		cut.Addresses = max(cut.Addresses, int(s.Address)+1)
	}
	return &cut
}

// shares are the numbers of slots a real trace is run with, as parts of its
// addresses, but no fewer than leastSlots.
var shares = []float64{0.01, 0.03, 0.1, 0.2, 0.4}

const leastSlots = 32

// Sizes returns t with each number of slots that it is measured with.
func (t *Trace) Sizes() (all []*Trace) {
	for _, share := range shares {
		slots := int(share * float64(t.Addresses))
		if slots < leastSlots {
			continue
		}
		sized := *t
		sized.Slots = slots
		sized.Name = fmt.Sprintf("%s, %d slots", t.Name, slots)
		all = append(all, &sized)
	}
	return all
}
