// Package all is the explicit list of providers. Adding one is one folder and
// one line here.
package all

import (
	"github.com/passerelle-pay/passerelle/provider"
	"github.com/passerelle-pay/passerelle/provider/cinetpay"
	"github.com/passerelle-pay/passerelle/provider/flexpay"
	"github.com/passerelle-pay/passerelle/provider/komipay"
	"github.com/passerelle-pay/passerelle/provider/mypayga"
	"github.com/passerelle-pay/passerelle/provider/mypvit"
)

// Providers lists every provider the program speaks.
func Providers() []*provider.Provider {
	list := []provider.Provider{
		komipay.Provider(),
		mypvit.Provider(),
		cinetpay.Provider(),
		flexpay.Provider(),
		mypayga.Provider(),
	}
	pointers := make([]*provider.Provider, len(list))
	for i := range list {
		pointers[i] = &list[i]
	}
	return pointers
}
