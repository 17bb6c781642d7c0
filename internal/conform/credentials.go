package conform

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// DemoCredentials are the demo merchant's published credentials at a provider,
// by their issued names. The dialect lays them down in a memory of their own,
// as it would in a gateway; nothing is started.
func DemoCredentials(ctx context.Context, p *provider.Provider) (map[string]string, error) {
	issued, err := p.Speak(&desk{items: map[string]provider.Item{}}).
		Issue(ctx, provider.IssueOrder{MerchantID: "demo", MerchantName: "Demo", Mode: pay.Test, Demo: true})
	if err != nil {
		return nil, fmt.Errorf("lay down %s credentials: %w", p.Name, err)
	}
	values := map[string]string{}
	for _, i := range issued {
		values[i.Name] = i.Value.Reveal()
	}
	return values, nil
}

// desk is as much of a gateway as issuing credentials needs. It takes no
// payments: the rest of the port is left out, and no dialect calls it here.
type desk struct {
	provider.Gateway
	mu    sync.Mutex
	items map[string]provider.Item
}

func (d *desk) Memory(string) provider.Memory { return d }
func (d *desk) Now() time.Time                { return time.Now() }
func (d *desk) CheckURL(string) error         { return nil }
func (d *desk) BaseURL(front string) string   { return "http://passerelle.invalid/" + front }

func (d *desk) Get(_ context.Context, key string) (provider.Item, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	item, ok := d.items[key]
	if !ok {
		return provider.Item{}, provider.ErrNoItem
	}
	return item, nil
}

func (d *desk) Put(_ context.Context, key string, item provider.Item) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.items[key] = item
	return nil
}

func (d *desk) Add(_ context.Context, key string, item provider.Item) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, taken := d.items[key]; taken {
		return false, nil
	}
	d.items[key] = item
	return true, nil
}

func (d *desk) Delete(_ context.Context, key string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.items, key)
	return nil
}

func (d *desk) Lease(context.Context, string, time.Duration) (release func(), held bool, err error) {
	return func() {}, true, nil
}

// override replaces credentials by given ones: "name=value" for each selected
// provider that has the name, "provider.name=value" for one.
func override(name string, values map[string]string, given map[string]string) (used []string) {
	for key, value := range given {
		field := key
		if front, rest, dotted := strings.Cut(key, "."); dotted {
			if front != name {
				continue
			}
			field = rest
		}
		if _, known := values[field]; known {
			values[field] = value
			used = append(used, key)
		}
	}
	return used
}
