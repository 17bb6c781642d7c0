package flexpay

import (
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// v1/pay was seen to answer a page that sends the browser on. Tags are all that
// is looked at; what is commented out or belongs to a script is not.
var (
	htmlHidden    = regexp.MustCompile(`(?is)<!--.*?-->|<script\b.*?</script\s*>|<style\b.*?</style\s*>`)
	htmlTag       = regexp.MustCompile(`(?is)<(a|form|meta)\s[^>]*>`)
	htmlAttribute = regexp.MustCompile(`(?is)([a-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))`)
	refreshTarget = regexp.MustCompile(`(?is)^\s*\d*\s*[;,]\s*(?:url\s*=\s*)?['"]?([^'"]+)['"]?\s*$`)
)

// pageAddress finds the first absolute address of a link, a form or a refresh
// whose host is among the hosts, "" when there is none.
func pageAddress(page []byte, hosts []string) string {
	text := htmlHidden.ReplaceAllString(string(page), "")
	for _, tag := range htmlTag.FindAllStringSubmatch(text, -1) {
		address := tagAddress(strings.ToLower(tag[1]), attributes(tag[0]))
		if isWebAddress(address) && hostAmong(address, hosts) {
			return address
		}
	}
	return ""
}

func attributes(tag string) map[string]string {
	found := map[string]string{}
	for _, m := range htmlAttribute.FindAllStringSubmatch(tag, -1) {
		found[strings.ToLower(m[1])] = html.UnescapeString(m[2] + m[3] + m[4])
	}
	return found
}

func tagAddress(tag string, attribute map[string]string) string {
	switch tag {
	case "a":
		return strings.TrimSpace(attribute["href"])
	case "form":
		return strings.TrimSpace(attribute["action"])
	}
	if !strings.EqualFold(attribute["http-equiv"], "refresh") {
		return ""
	}
	if m := refreshTarget.FindStringSubmatch(attribute["content"]); m != nil {
		return strings.TrimSpace(m[1])
	}
	return ""
}

func isWebAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// hostAmong compares with the port where the list names one.
func hostAmong(address string, hosts []string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(hosts, func(h string) bool {
		return strings.EqualFold(h, u.Host) || strings.EqualFold(h, u.Hostname())
	})
}
