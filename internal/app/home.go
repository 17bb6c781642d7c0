package app

import (
	"html/template"
	"net/http"
)

var homePage = template.Must(template.New("home").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Passerelle</title>
<h1>Passerelle</h1>
<p>A payment gateway. <a href="/docs">API reference</a>{{if .Sandbox}} · <a href="/sandbox">virtual phones</a>{{end}}</p>
<ul>{{range .Dialects}}<li><code>/{{.Name}}</code> speaks {{.Title}}</li>{{end}}</ul>
</html>
`))

// home says what this address is to whoever opens it.
func (a *App) home(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'self'")
	_ = homePage.Execute(w, map[string]any{"Sandbox": a.config.Sandbox, "Dialects": a.Providers()})
}
