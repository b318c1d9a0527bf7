//go:build linux

package check

import "testing"

func TestFailureIsToldOnceAndCounted(t *testing.T) {
	for _, name := range []string{CloseWait, IdleDescriptor, HealthyHosts, Slots} {
		told := 0
		l := NewLedger(func(string, Finding) { told++ })
		l.Fail(name, "first")
		l.Fail(name, "second")
		if !l.Failed() || told != 1 {
			t.Errorf("%s: failed %v, told %d times", name, l.Failed(), told)
		}
		for _, r := range l.Results() {
			if failed := r.Failed != nil; failed != (r.Name == name) {
				t.Errorf("%s failed: result %+v", name, r)
			} else if failed && (r.Failed.Count != 2 || r.Failed.First != "first") {
				t.Errorf("%s: %+v", name, *r.Failed)
			}
		}
	}
}

func TestInjectionFailsItsCheck(t *testing.T) {
	for _, i := range injections {
		l := NewLedger(nil)
		l.Injected = i
		l.Fail(string(i), "it failed")
		if !l.Failed() {
			t.Errorf("%s does not fail though it is broken on purpose", i)
		}
	}
}

func TestEachCheckHasAnInjection(t *testing.T) {
	for _, c := range checks {
		if _, err := ParseInjection(c.name); err != nil {
			t.Errorf("%s cannot be made to fail: %v", c.name, err)
		}
	}
	if len(injections) != len(checks) {
		t.Errorf("%d injections for %d checks", len(injections), len(checks))
	}
}
