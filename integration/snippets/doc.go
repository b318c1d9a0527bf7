// Package snippets has the code that docs/integrations.md and docs/fleet.md show or link
// to. The tests of package integration use it with real servers, and a test there
// compares it with the pages.
package snippets
