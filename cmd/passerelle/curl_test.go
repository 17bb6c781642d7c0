package main

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// curlMain stands in for curl: the few options that our
// own documents use.
func curlMain() {
	if err := curl(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "curl:", err)
		os.Exit(1)
	}
}

// command is a curl command line, read.
type command struct {
	method, url string
	header      http.Header
	data, form  []string
	showHeader  bool
}

func curl(args []string, out io.Writer) error {
	c, err := readCommand(args)
	if err != nil {
		return err
	}
	req, err := c.request()
	if err != nil {
		return err
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if c.showHeader {
		if _, err := fmt.Fprintf(out, "%s %s\r\n", resp.Proto, resp.Status); err != nil {
			return err
		}
		if err := resp.Header.Write(out); err != nil {
			return err
		}
	}
	_, err = io.Copy(out, resp.Body)
	return err
}

func readCommand(args []string) (command, error) {
	c := command{header: http.Header{}}
	for i := 0; i < len(args); i++ {
		option := args[i]
		switch option {
		case "-s":
			continue
		case "-i":
			c.showHeader = true
			continue
		case "-X", "-H", "-d", "--data-urlencode", "-F":
			i++
		default:
			if strings.HasPrefix(option, "-") {
				return c, fmt.Errorf("option %s is not known here", option)
			}
			c.url = option
			continue
		}
		if i == len(args) {
			return c, fmt.Errorf("option %s needs a value", option)
		}
		c.take(option, args[i])
	}
	return c, nil
}

func (c *command) take(option, value string) {
	switch option {
	case "-X":
		c.method = value
	case "-H":
		name, text, _ := strings.Cut(value, ":")
		c.header.Set(name, strings.TrimSpace(text))
	case "-d":
		c.data = append(c.data, value)
	case "--data-urlencode":
		name, text, _ := strings.Cut(value, "=")
		c.data = append(c.data, name+"="+url.QueryEscape(text))
	case "-F":
		c.form = append(c.form, value)
	}
}

func (c *command) request() (*http.Request, error) {
	body, contentType := []byte(strings.Join(c.data, "&")), "application/x-www-form-urlencoded"
	if len(c.form) > 0 {
		var err error
		if body, contentType, err = multipartBody(c.form); err != nil {
			return nil, err
		}
	}
	sends := len(c.data)+len(c.form) > 0
	if c.method == "" && sends {
		c.method = http.MethodPost
	}
	req, err := http.NewRequest(c.method, c.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header = c.header
	if sends && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", contentType)
	}
	return req, nil
}

func multipartBody(fields []string) (body []byte, contentType string, err error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, field := range fields {
		name, value, _ := strings.Cut(field, "=")
		if err := w.WriteField(name, value); err != nil {
			return nil, "", err
		}
	}
	if err := w.Close(); err != nil { // writes the last boundary
		return nil, "", err
	}
	return b.Bytes(), w.FormDataContentType(), nil
}
