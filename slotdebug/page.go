package slotdebug

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
)

//go:embed page.html
var pageText string

//go:embed page.css
var style string

//go:embed page.js
var script string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// policy lets the page run its own script and style, and talk to its own server; nothing
// that an address contains could run, were it not escaped.
var policy = "default-src 'none'; base-uri 'none'; form-action 'none'; connect-src 'self'; script-src " +
	hash(script) + "; style-src " + hash(style)

func hash(of string) string {
	sum := sha256.Sum256([]byte(of))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// page has the first look in it, so that it shows at once. encoding/json escapes
// what could end a script element.
func page(v view) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = pageTemplate.Execute(&b, struct {
		Style        template.CSS
		Data, Script template.JS
	}{template.CSS(style), template.JS(data), template.JS(script)})
	return b.Bytes(), err
}
