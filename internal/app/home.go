package app

import (
	"html/template"
	"net/http"
)

// homePage has French beside English, as it is not known who comes.
var homePage = template.Must(template.New("home").Parse(`<!doctype html>
<html lang="fr"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Passerelle</title>
<link rel="icon" href="/dashboard/static/icon.svg">
{{if .Start}}<link rel="stylesheet" href="/sandbox/static/sandbox.css">
<link rel="stylesheet" href="/sandbox/start/static/developer.css">
{{end}}<main>
<h1>Passerelle</h1>
{{if .Start}}<p><a class="start" href="{{.Start}}?lang=fr" hreflang="fr">Pour commencer</a> <a class="start" href="{{.Start}}?lang=en" lang="en" hreflang="en">Getting started</a></p>
{{end}}<p>Une passerelle de paiement. <a href="/dashboard">Tableau de bord</a> · <a href="/docs">référence de l'API</a>{{if .Sandbox}} · <a href="/sandbox?lang=fr">téléphones de test</a>{{end}}</p>
<p lang="en">A payment gateway. <a href="/dashboard">Dashboard</a> · <a href="/docs">API reference</a>{{if .Sandbox}} · <a href="/sandbox?lang=en">virtual phones</a>{{end}}</p>
{{with .Dialects}}<h2>API des prestataires <span lang="en">/ Providers' APIs</span></h2>
<ul>{{range .}}<li><code>/{{.Name}}</code> {{.Title}}</li>{{end}}</ul>
{{end}}</main>
</html>
`))

// home says what this address is to whoever opens it, and leads people on.
func (a *App) home(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; frame-ancestors 'none'")
	_ = homePage.Execute(w, map[string]any{"Start": a.startPath(), "Sandbox": a.config.Sandbox, "Dialects": a.Providers()})
}
