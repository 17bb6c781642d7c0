package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
)

// xaesNonceSize is 192 bits: 96 to derive the message's key, 96 for GCM.
const xaesNonceSize = 24

// xaes is XAES-256-GCM as specified at c2sp.org/XAES-256-GCM: the message key
// comes from the counter mode KDF of NIST SP 800-108r1 with CMAC, then
// AES-256-GCM as usual.
type xaes struct {
	block cipher.Block
	k1    [aes.BlockSize]byte // the CMAC subkey for whole blocks
}

func newXAES(key []byte) (*xaes, error) {
	if len(key) != 32 {
		return nil, fmt.Errorf("a sealing key has %d bytes, want 32", len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("setting up AES: %w", err)
	}
	x := &xaes{block: block}
	block.Encrypt(x.k1[:], x.k1[:])
	carry := x.k1[0] >> 7
	for i := range x.k1 {
		x.k1[i] <<= 1
		if i+1 < len(x.k1) {
			x.k1[i] |= x.k1[i+1] >> 7
		}
	}
	// 0x87 is the reduction polynomial of CMAC's field, applied in constant time.
	x.k1[len(x.k1)-1] ^= carry * 0x87
	return x, nil
}

// message returns the AEAD of one message, keyed by the first half of its nonce.
func (x *xaes) message(nonce []byte) (cipher.AEAD, error) {
	var key [32]byte
	for i := range 2 {
		half := key[i*aes.BlockSize : (i+1)*aes.BlockSize]
		half[1], half[2] = byte(i+1), 'X' // counter, label, zero byte; then the context
		copy(half[4:], nonce[:12])
		subtle.XORBytes(half, half, x.k1[:])
		x.block.Encrypt(half, half)
	}
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("setting up AES: %w", err)
	}
	return cipher.NewGCM(block)
}

// seal returns nonce||ciphertext under a random nonce.
func (x *xaes) seal(plain, aad []byte) ([]byte, error) {
	nonce := make([]byte, xaesNonceSize, xaesNonceSize+len(plain)+16)
	_, _ = rand.Read(nonce) // crypto/rand.Read never fails: it crashes the program instead
	aead, err := x.message(nonce)
	if err != nil {
		return nil, err
	}
	return aead.Seal(nonce, nonce[12:], plain, aad), nil
}

// open reverses seal.
func (x *xaes) open(sealed, aad []byte) ([]byte, error) {
	if len(sealed) < xaesNonceSize {
		return nil, ErrMalformed
	}
	aead, err := x.message(sealed)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, sealed[12:xaesNonceSize], sealed[xaesNonceSize:], aad)
	if err != nil {
		return nil, ErrNotAuthentic
	}
	return plain, nil
}
