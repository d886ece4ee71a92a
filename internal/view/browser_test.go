package view

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/nixplan/nixplan/plan/diff"
)

// TestBrowser loads pages in Chromium, for light and dark and as wide as a screen
// and a phone, and looks for what a reader would stumble over: messages on the
// console, requests to anywhere, a page that must be moved sideways, and what
// axe-core finds.
//
// With SCREENSHOTS=DIR in the environment pictures of the pages are written there.
func TestBrowser(t *testing.T) {
	if *update {
		t.Skip("there is nothing to update")
	}
	ctx := browser(t)
	axe := axeCore(t)
	many, overview := manyChanges(1000)
	hostile := "\"'><svg onload=alert(1)>" + hostileText + "<script>alert(1)</script><img src=x onerror=alert(1)>" + strings.Repeat("wide", 100)
	pages := map[string]string{
		"neat":    renderPage(t, neatChanges(), neatOverview()),
		"nothing": renderPage(t, &diff.Changes{Base: diff.Revision{Name: "main"}, Unchanged: []string{"a"}}, nothingOverview()),
		"hostile": renderPage(t, hostileChanges(hostile), hostileOverview(hostile)),
		"many":    renderPage(t, many, overview),
	}
	dir := t.TempDir()
	for name, page := range pages {
		file := filepath.Join(dir, name+".html")
		if err := os.WriteFile(file, []byte(page), 0o666); err != nil {
			t.Fatal(err)
		}
		for _, scheme := range []string{"light", "dark"} {
			for _, width := range []int64{1280, 360} {
				if name == "many" && (scheme == "dark" || width > 1000) {
					continue // it takes long, and its colours are the others'
				}
				t.Run(fmt.Sprintf("%s %s %d", name, scheme, width), func(t *testing.T) {
					page := loadPage(t, ctx, "file://"+file, scheme, width)
					if name != "many" {
						runAxe(t, page, axe)
					}
				})
			}
		}
	}
	t.Run("keyboard", func(t *testing.T) { useKeyboard(t, ctx, "file://"+filepath.Join(dir, "neat.html")) })
	t.Run("svg", func(t *testing.T) {
		var svg strings.Builder
		if err := Graph(&svg, hostilePlan(hostile), hostileOverview(hostile).Picture, SVG); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, "graph.svg")
		if err := os.WriteFile(file, []byte(svg.String()), 0o666); err != nil {
			t.Fatal(err)
		}
		loadPage(t, ctx, "file://"+file, "dark", 1280)
	})
}

// browser starts Chromium with a profile of its own.
func browser(t *testing.T) context.Context {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		missing(t, errors.New("there is no Chromium"))
	}
	// The profile is a fresh directory, which goes with the process.
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox)
	for _, flag := range []string{"disable-gpu", "disable-quic", "disable-component-update", "hide-scrollbars"} {
		options = append(options, chromedp.Flag(flag, true))
	}
	ctx, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closeBrowser := chromedp.NewContext(ctx)
	t.Cleanup(func() {
		closeBrowser()
		stop() // waits for the process
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("cannot start %s: %v", program, err)
	}
	return ctx
}

// axeCore is the source of axe-core, in the version of testdata/browser.
func axeCore(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json"} {
		text, err := os.ReadFile(filepath.Join("testdata", "browser", name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := exec.LookPath("npm"); err != nil {
		missing(t, err)
	}
	cmd := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--no-update-notifier")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		missing(t, fmt.Errorf("npm ci: %w\n%s", err, out))
	}
	source, err := os.ReadFile(filepath.Join(dir, "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

// missing skips a test for want of a tool, which CI has.
func missing(t *testing.T, err error) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(err)
	}
	t.Skip(err)
}

// tab opens a tab. A page that hangs fails the test that is at it.
func tab(t *testing.T, browser context.Context) context.Context {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(browser)
	t.Cleanup(closeTab)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	ctx, done := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(done)
	return ctx
}

func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

func call[P, R any](t *testing.T, ctx context.Context, command cdp.Command[P, R], params P) {
	t.Helper()
	if _, err := chromedp.Call(ctx, command, params); err != nil {
		t.Fatal(err)
	}
}

// evaluate is the value of an expression in the page.
func evaluate[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// loadPage opens a page in a tab of its own, looks at it, and gives the tab.
func loadPage(t *testing.T, browser context.Context, url, scheme string, width int64) context.Context {
	ctx := tab(t, browser)
	var lock sync.Mutex
	var heard []string
	hear := func(parts ...any) {
		lock.Lock()
		defer lock.Unlock()
		heard = append(heard, fmt.Sprint(parts...))
	}
	err := chromedp.Listen(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventConsoleAPICalled:
			hear("console: ", e.Type, e.Args)
		case *runtime.EventExceptionThrown:
			hear("exception: ", e.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			hear("log: ", e.Entry.Text)
		case *network.EventRequestWillBeSent:
			if e.Request.URL != url && !strings.HasPrefix(e.Request.URL, "data:") {
				hear("request: ", e.Request.URL)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	call(t, ctx, log.Enable, cdp.Empty{})
	call(t, ctx, network.Enable, network.EnableParams{})
	call(t, ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	call(t, ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: 900, DeviceScaleFactor: 1, Mobile: width < 600,
	})
	do(t, ctx, chromedp.Navigate(url))
	overflow := evaluate[int](t, ctx, `document.documentElement.scrollWidth - window.innerWidth`)
	active := evaluate[[]string](t, ctx, `[...document.querySelectorAll("*")].filter(e =>
		["script", "iframe", "img", "object", "embed", "form"].includes(e.localName) ||
		[...e.attributes].some(a => a.name.startsWith("on"))).map(e => e.outerHTML.slice(0, 100))`)
	background := evaluate[string](t, ctx, `getComputedStyle(document.documentElement).getPropertyValue("--bg")`)
	drawn := evaluate[string](t, ctx, `getComputedStyle(document.querySelector("svg .box")).fill`)
	lock.Lock()
	if len(heard) > 0 {
		t.Errorf("the page does not load in silence:\n%s", strings.Join(heard, "\n"))
	}
	lock.Unlock()
	if overflow > 0 && strings.HasSuffix(url, ".html") { // a picture may be wider
		t.Errorf("the page is %d pixels wider than the window", overflow)
	}
	if len(active) > 0 {
		t.Errorf("the page has elements that do something: %q", active)
	}
	// The style sheet is in force, in the scheme's colours.
	if want := map[string]string{"light": "#fbfbfd", "dark": "#0f131a"}[scheme]; background != want {
		t.Errorf("the background is %q, want %s", background, want)
	}
	if drawn == "rgb(0, 0, 0)" {
		t.Error("the picture has no style")
	}
	screenshot(t, ctx, width)
	return ctx
}

// runAxe unfolds everything and runs axe-core with all its rules, best practices
// among them.
func runAxe(t *testing.T, ctx context.Context, axe string) {
	t.Helper()
	evaluate[chromedp.Void](t, ctx, `document.querySelectorAll("details").forEach(d => d.open = true)`)
	evaluate[chromedp.Void](t, ctx, axe)
	result := evaluate[[]byte](t, ctx, `axe.run(document, {resultTypes: ["violations"]}).then(r => ({
		rules: r.passes.length, violations: r.violations.map(v => ({
			id: v.id, help: v.help, nodes: v.nodes.slice(0, 5).map(n => n.html.slice(0, 200) + " " + n.failureSummary),
		})),
	}))`)
	var report struct {
		Rules      int
		Violations []struct {
			ID, Help string
			Nodes    []string
		}
	}
	if err := json.Unmarshal(result, &report); err != nil {
		t.Fatal(err)
	}
	if report.Rules < 20 {
		t.Errorf("axe-core found only %d rules to apply", report.Rules)
	}
	for _, v := range report.Violations {
		t.Errorf("axe-core: %s: %s\n\t%s", v.ID, v.Help, strings.Join(v.Nodes, "\n\t"))
	}
}

// useKeyboard goes to the content by the link for it, and through what unfolds.
func useKeyboard(t *testing.T, browser context.Context, url string) {
	ctx := tab(t, browser)
	focused := `document.activeElement.`
	call(t, ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}) // the page's
	do(t, ctx, chromedp.Navigate(url), chromedp.KeyEvent(kb.Tab))
	link := evaluate[string](t, ctx, focused+`textContent`)
	left := evaluate[float64](t, ctx, focused+`getBoundingClientRect().left`)
	do(t, ctx, chromedp.KeyEvent(kb.Enter))
	main := evaluate[string](t, ctx, focused+`localName`)
	evaluate[chromedp.Void](t, ctx, `document.querySelector("#picture summary").focus()`)
	do(t, ctx, chromedp.KeyEvent(kb.Enter))
	summary := evaluate[string](t, ctx, focused+`textContent`)
	open := evaluate[int](t, ctx, `document.querySelectorAll("#picture details[open]").length`)
	if link != "To the changes" || left < 0 || main != "main" {
		t.Errorf("the first link is %q at %v and leads to %q", link, left, main)
	}
	if open != 1 {
		t.Errorf("%q does not unfold", summary)
	}
}

// screenshot writes what the tab shows, if asked to.
func screenshot(t *testing.T, ctx context.Context, width int64) {
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		return
	}
	height := evaluate[int64](t, ctx, `document.documentElement.scrollHeight`)
	call(t, ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: min(height, 6000), DeviceScaleFactor: 1, Mobile: width < 600,
	})
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	name := strings.NewReplacer("/", "-", " ", "-").Replace(t.Name()) + ".png"
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name), png, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}
