package app

import (
	"html/template"
	"net/http"
)

var homePage = template.Must(template.New("home").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Passerelle</title>
{{if .Start}}<link rel="stylesheet" href="/sandbox/static/sandbox.css">
<link rel="stylesheet" href="/sandbox/start/static/developer.css">
{{end}}<main>
<h1>Passerelle</h1>
{{if .Start}}<p><a class="start" href="{{.Start}}?lang=fr" lang="fr" hreflang="fr">Pour commencer</a> <a class="start" href="{{.Start}}?lang=en" hreflang="en">Getting started</a></p>
{{end}}<p>A payment gateway. <a href="/docs">API reference</a>{{if .Sandbox}} · <a href="/sandbox">virtual phones</a>{{end}}</p>
<ul>{{range .Dialects}}<li><code>/{{.Name}}</code> speaks {{.Title}}</li>{{end}}</ul>
</main>
</html>
`))

// home says what this address is to whoever opens it, and leads a developer on.
func (a *App) home(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; frame-ancestors 'none'")
	_ = homePage.Execute(w, map[string]any{"Start": a.startPath(), "Sandbox": a.config.Sandbox, "Dialects": a.Providers()})
}
