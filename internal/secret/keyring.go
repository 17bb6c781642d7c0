package secret

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// AddKey puts a fresh key in front of the keyring file, which opens and does
// not seal yet, and names it. A key that waits already is not joined by another.
func AddKey(path string) (id string, err error) {
	err = editKeyring(path, func(entries []string, _ Box) ([]string, error) {
		for _, entry := range entries {
			if waiting, ok := strings.CutSuffix(entry, ":"+roleNext); ok {
				id, _, _ = strings.Cut(waiting, ":")
				return nil, fmt.Errorf("secret: the key %s waits already", id)
			}
		}
		fresh := NewKey()
		id, _, _ = strings.Cut(fresh, ":")
		return slices.Insert(entries, 0, fresh+":"+roleNext), nil
	})
	return id, err
}

// PromoteKey makes the key that waits in the keyring file the primary, and
// names it; "" when none waits.
func PromoteKey(path string) (id string, err error) {
	err = editKeyring(path, func(entries []string, _ Box) ([]string, error) {
		for i, entry := range entries {
			if fresh, ok := strings.CutSuffix(entry, ":"+roleNext); ok {
				id, _, _ = strings.Cut(fresh, ":")
				return slices.Insert(slices.Delete(entries, i, i+1), 0, fresh), nil
			}
		}
		return entries, nil
	})
	return id, err
}

// RetireKey takes a key out of the keyring file, which then opens nothing any
// more. The last one stays for look-up hashes alone. The caller has made sure
// that nothing is sealed under it.
func RetireKey(path, id string) error {
	return editKeyring(path, func(entries []string, now Box) ([]string, error) {
		i := slices.IndexFunc(entries, func(entry string) bool { return strings.HasPrefix(entry, id+":") })
		switch {
		case id == now.PrimaryKeyID():
			return nil, fmt.Errorf("secret: the key %s is the one that seals", id)
		case i < 0:
			return nil, fmt.Errorf("secret: the keyring has no key %q", id)
		case i < len(entries)-1:
			return slices.Delete(entries, i, i+1), nil
		case strings.HasSuffix(entries[i], ":"+roleLookup):
			return nil, fmt.Errorf("secret: the key %s only makes look-up hashes already", id)
		}
		entries[i] += ":" + roleLookup
		return entries, nil
	})
}

// editKeyring replaces the file in one step by what edit makes of its entries.
// What would be no keyring is not written.
func editKeyring(path string, edit func([]string, Box) ([]string, error)) error {
	text, err := readKeyring(path)
	if err != nil {
		return err
	}
	now, err := ParseKeyring(text)
	if err != nil {
		return fmt.Errorf("keyring file %s: %w", path, err)
	}
	entries, err := edit(splitKeyring(text), now)
	if err != nil {
		return err
	}
	changed := strings.Join(entries, "\n")
	if _, err := ParseKeyring(changed); err != nil {
		return err
	}
	aside, err := writeAside(path, changed)
	if err != nil {
		return fmt.Errorf("secret: writing the keyring file: %w", err)
	}
	if err := os.Rename(aside, path); err != nil {
		return errors.Join(fmt.Errorf("secret: replacing the keyring file: %w", err), os.Remove(aside))
	}
	return nil
}
