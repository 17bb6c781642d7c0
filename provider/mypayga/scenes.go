package mypayga

import "github.com/passerelle-pay/passerelle/provider"

func scenes() []provider.Scene { return nil }
