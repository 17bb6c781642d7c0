package app

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// authority is a certificate authority of this developer's machine alone, so
// that an unmodified client can call a provider's own host name over HTTPS.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string
}

const (
	authorityLife = 365 * 24 * time.Hour
	leafLife      = 30 * 24 * time.Hour
)

// listenLocalTLS serves HTTPS beside HTTP under a local authority.
func (r *Running) listenLocalTLS(ctx context.Context, c Config) error {
	ca, err := loadAuthority(c.CADir)
	if err != nil {
		return err
	}
	names := []string{"localhost"}
	for _, p := range r.App.known {
		names = append(names, p.Hosts...)
	}
	leaf, err := ca.issue(names)
	if err != nil {
		return err
	}
	inner, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.TLSAddr)
	if err != nil {
		return fmt.Errorf("listen for TLS on %s: %w", c.TLSAddr, err)
	}
	r.TLSAddress, r.CAFile = inner.Addr().String(), ca.file
	r.serve(tls.NewListener(inner, &tls.Config{Certificates: []tls.Certificate{leaf}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}), r.App.handler)
	return nil
}

// loadAuthority reads the authority of a folder, or makes one there.
func loadAuthority(dir string) (authority, error) {
	certFile, keyFile := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "ca-key.pem")
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err == nil && pair.Leaf != nil && time.Now().Before(pair.Leaf.NotAfter) {
		if key, ok := pair.PrivateKey.(*ecdsa.PrivateKey); ok {
			return authority{pair.Leaf, key, certFile}, nil
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return authority{}, fmt.Errorf("make local authority: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "Passerelle local authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(authorityLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return authority{}, fmt.Errorf("make local authority: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return authority{}, fmt.Errorf("make local authority: %w", err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return authority{}, fmt.Errorf("make local authority: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return authority{}, fmt.Errorf("keep local authority: %w", err)
	}
	if err := os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private}), 0o600); err != nil {
		return authority{}, fmt.Errorf("keep local authority: %w", err)
	}
	if err := os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		return authority{}, fmt.Errorf("keep local authority: %w", err)
	}
	return authority{cert, key, certFile}, nil
}

// issue makes a server certificate for host names and loopback addresses.
func (a authority) issue(names []string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make local certificate: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: names[0]}, DNSNames: names,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		NotBefore:   time.Now().Add(-time.Hour), NotAfter: time.Now().Add(leafLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make local certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key}, nil
}
