package e2e_test
import ("testing";"github.com/passerelle-pay/passerelle/internal/app";"time")
func TestProbe(t *testing.T){
	s:=startShop(t)
	g:=startGateway(t,func(c *app.Config){c.CallbackURL=s.URL; c.OperatorDelay="0"})
	for _,p:=range g.App.Providers(){
		st:=time.Now()
		for _,h:=range listenTo(t,g,s,p){ t.Log(h.status,h.creates,h.method,h.url,h.header,h.body) }
		t.Log(time.Since(st))
	}
}
