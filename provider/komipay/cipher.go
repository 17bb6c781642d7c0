package komipay

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
)

// cipherKey encrypts CVVs and issued texts in the layout that the seed's values
// have: base64 of the IV followed by the base64 text of the ciphertext, by
// AES-256 in CBC mode with PKCS#7 padding. It is 32 bytes long.
type cipherKey string

// demoCipherKey is the published key of the demo merchant.
const demoCipherKey cipherKey = "passerelle-komipay-test-key-32by"

// errCipher says no more than that, so that no padding oracle comes of it.
var errCipher = errors.New("komipay: not encrypted under this key")

// encrypt uses a random IV: no two results are alike.
func (k cipherKey) encrypt(plain string) (string, error) {
	iv := make([]byte, aes.BlockSize)
	_, _ = rand.Read(iv) // never fails: crypto/rand ends the program instead
	return k.encryptWith(iv, plain)
}

func (k cipherKey) encryptWith(iv []byte, plain string) (string, error) {
	block, err := aes.NewCipher([]byte(k))
	if err != nil {
		return "", fmt.Errorf("komipay: encrypt: %w", err)
	}
	padding := aes.BlockSize - len(plain)%aes.BlockSize
	padded := make([]byte, len(plain)+padding)
	copy(padded, plain)
	for i := len(plain); i < len(padded); i++ {
		padded[i] = byte(padding)
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(padded, padded)
	inner := base64.StdEncoding.EncodeToString(padded)
	return base64.StdEncoding.EncodeToString(append(append([]byte(nil), iv...), inner...)), nil
}

func (k cipherKey) decrypt(text string) (string, error) {
	outer, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(outer) <= aes.BlockSize {
		return "", errCipher
	}
	body, err := base64.StdEncoding.DecodeString(string(outer[aes.BlockSize:]))
	if err != nil || len(body) == 0 || len(body)%aes.BlockSize != 0 {
		return "", errCipher
	}
	block, err := aes.NewCipher([]byte(k))
	if err != nil {
		return "", fmt.Errorf("komipay: decrypt: %w", err)
	}
	cipher.NewCBCDecrypter(block, outer[:aes.BlockSize]).CryptBlocks(body, body)
	return unpad(body)
}

func unpad(padded []byte) (string, error) {
	padding := int(padded[len(padded)-1])
	if padding == 0 || padding > aes.BlockSize {
		return "", errCipher
	}
	for _, b := range padded[len(padded)-padding:] {
		if int(b) != padding {
			return "", errCipher
		}
	}
	return string(padded[:len(padded)-padding]), nil
}
