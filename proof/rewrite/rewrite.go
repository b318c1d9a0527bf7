// Package rewrite turns the source of a package into one whose atomic, lock and
// channel operations are choice points of package sched. It changes the imports
// of sync, sync/atomic, time, crowdlock and lapse, and writes calls in the place of go statements, sends,
// receipts, closes and selects. All else, and the number of each line, stays.
package rewrite

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

const (
	module = "github.com/slotpool/slotpool/proof/"
	sched  = "xsched" // the name under which a file imports sched
)

var imports = map[string]string{
	"sync":        module + "shim/sync",
	"sync/atomic": module + "shim/atomic",
	"time":        module + "shim/time",
	"github.com/slotpool/slotpool/internal/crowdlock": module + "shim/crowdlock",
	"github.com/slotpool/slotpool/internal/lapse":     module + "shim/lapse",
}

// edit replaces source[from:to].
type edit struct {
	from, to int
	text     string
}

type file struct {
	source []byte
	set    *token.FileSet
	edits  []edit
	skip   map[ast.Node]bool // done with their select
	err    error
}

// Source rewrites one file. What positions are to name is name.
//
// There are limits, which it reports as errors: a select may not receive from a
// channel that is itself received from a channel. A range over a channel is not
// seen, and would hang.
func Source(name string, source []byte) ([]byte, error) {
	f := &file{source: source, set: token.NewFileSet(), skip: map[ast.Node]bool{}}
	tree, err := parser.ParseFile(f.set, name, source, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	for _, spec := range tree.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		if to := imports[path]; to != "" {
			f.replace(spec.Path.Pos(), spec.Path.End(), strconv.Quote(to))
		}
	}
	before := len(f.edits)
	ast.Inspect(tree, f.visit)
	if f.err != nil {
		return nil, f.err
	}
	if len(f.edits) > before {
		f.insert(tree.Name.End(), fmt.Sprintf("; import %s %q", sched, module+"sched"))
	}
	return append([]byte("//line "+name+":1\n"), f.apply()...), nil
}

func (f *file) visit(n ast.Node) bool {
	if n == nil || f.skip[n] {
		return n != nil
	}
	switch n := n.(type) {
	case *ast.GoStmt:
		f.goStatement(n)
	case *ast.SendStmt:
		f.insert(n.Pos(), sched+".Send(")
		f.replace(n.Arrow, n.Arrow+2, ",")
		f.insert(n.End(), ")")
	case *ast.AssignStmt:
		if len(n.Lhs) == 2 && len(n.Rhs) == 1 {
			f.receive(n.Rhs[0], "Recv2")
		}
	case *ast.UnaryExpr:
		f.receive(n, "Recv")
	case *ast.CallExpr:
		if id, ok := n.Fun.(*ast.Ident); ok && id.Name == "close" && len(n.Args) == 1 {
			f.replace(id.Pos(), id.End(), sched+".Close")
		}
	case *ast.SelectStmt:
		f.selectStatement(n)
	}
	return true
}

func (f *file) receive(e ast.Expr, call string) {
	u, ok := ast.Unparen(e).(*ast.UnaryExpr)
	if !ok || u.Op != token.ARROW || f.skip[u] {
		return
	}
	f.skip[u] = true
	f.replace(u.OpPos, u.OpPos+2, sched+"."+call+"(")
	f.insert(u.End(), ")")
}

// goStatement keeps to the rule that arguments are evaluated at once. What is
// called is evaluated when the goroutine starts.
func (f *file) goStatement(n *ast.GoStmt) {
	if len(n.Call.Args) == 0 {
		f.replace(n.Go, n.Call.Pos(), sched+".Go(func() { ")
		f.insert(n.End(), " })")
		return
	}
	var names, values []string
	for i, a := range n.Call.Args {
		names = append(names, fmt.Sprintf("xarg%d", i))
		values = append(values, f.text(a))
		f.replace(a.Pos(), a.End(), names[i])
	}
	f.replace(n.Go, n.Call.Pos(), fmt.Sprintf("{ %s := %s; %s.Go(func() { ",
		strings.Join(names, ", "), strings.Join(values, ", "), sched))
	f.insert(n.End(), " }) }")
}

// selectStatement makes a switch of a select, on which case was chosen.
func (f *file) selectStatement(n *ast.SelectStmt) {
	var cases []string
	hasDefault, binds := false, false
	for _, s := range n.Body.List {
		c := s.(*ast.CommClause)
		number := fmt.Sprintf("case %d", len(cases))
		switch comm := c.Comm.(type) {
		case nil:
			hasDefault = true
			continue
		case *ast.SendStmt:
			f.skip[comm] = true
			cases = append(cases, fmt.Sprintf("%s.S(%s, %s)", sched, f.text(comm.Chan), f.text(comm.Value)))
			f.replace(c.Case, c.Colon, number)
		case *ast.ExprStmt:
			cases = append(cases, fmt.Sprintf("%s.R(%s)", sched, f.text(f.channel(comm.X))))
			f.replace(c.Case, c.Colon, number)
		case *ast.AssignStmt:
			f.skip[comm] = true
			binds = true
			channel := f.text(f.channel(comm.Rhs[0]))
			cases = append(cases, fmt.Sprintf("%s.R(%s)", sched, channel))
			call := map[int]string{1: "Value", 2: "Value2"}[len(comm.Lhs)]
			left := string(f.source[f.at(comm.Lhs[0].Pos()):f.at(comm.TokPos)])
			f.replace(c.Case, c.Colon+1, fmt.Sprintf("%s: %s%s %s.%s(%s, xgot); ", number, left, comm.Tok, sched, call, channel))
		}
	}
	got := "_"
	if binds {
		got = "xgot"
	}
	f.replace(n.Select, n.Body.Lbrace+1, fmt.Sprintf("switch xcase, %s := %s.Select(%v, %s); xcase {",
		got, sched, hasDefault, strings.Join(cases, ", ")))
	if !hasDefault {
		f.insert(n.Body.Rbrace, "; default: panic(\"no case\") ")
	}
}

// channel is what a receipt in a select receives from.
func (f *file) channel(e ast.Expr) ast.Expr {
	u := ast.Unparen(e).(*ast.UnaryExpr)
	f.skip[u] = true
	ast.Inspect(u.X, func(n ast.Node) bool {
		if inner, ok := n.(*ast.UnaryExpr); ok && inner.Op == token.ARROW {
			f.err = fmt.Errorf("%v: a receipt within that of a select", f.set.Position(inner.Pos()))
		}
		return true
	})
	return u.X
}

func (f *file) at(p token.Pos) int           { return f.set.PositionFor(p, false).Offset }
func (f *file) text(n ast.Node) string       { return string(f.source[f.at(n.Pos()):f.at(n.End())]) }
func (f *file) insert(p token.Pos, s string) { f.replace(p, p, s) }

func (f *file) replace(from, to token.Pos, s string) {
	f.edits = append(f.edits, edit{f.at(from), f.at(to), s})
}

func (f *file) apply() (out []byte) {
	slices.SortStableFunc(f.edits, func(a, b edit) int { return a.from - b.from })
	done := 0
	for _, e := range f.edits {
		if e.from < done { // within what is replaced as a whole
			continue
		}
		out = append(out, f.source[done:e.from]...)
		out = append(out, e.text...)
		done = e.to
	}
	return append(out, f.source[done:]...)
}
