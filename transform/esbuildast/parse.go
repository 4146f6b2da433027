package esbuildast

import (
	"path"
	"sort"
	"strings"

	"github.com/evanw/esbuild/internal/cache"
	"github.com/evanw/esbuild/internal/compat"
	"github.com/evanw/esbuild/internal/config"
	"github.com/evanw/esbuild/internal/fs"
	"github.com/evanw/esbuild/internal/js_ast"
	"github.com/evanw/esbuild/internal/js_parser"
	"github.com/evanw/esbuild/internal/logger"
	"github.com/evanw/esbuild/internal/resolver"
)

// sourceIndex is not zero, because zero is esbuild's own runtime and parsed with special rules.
const sourceIndex = 1

// target is ES2022 on both sides: Node 20 and the browsers that the documentation names. Import
// attributes stay: they say what the import is, and whoever loads the module must see that.
var target = compat.UnsupportedJSFeatures(map[compat.Engine]compat.Semver{
	compat.ES: {Parts: []int{2022}},
}) &^ (compat.ImportAttributes | compat.ImportAssertions)

// ParseOptions say how a text is read.
type ParseOptions struct {
	// Path names the text in messages and source maps; its extension selects the syntax.
	Path string
	// Define replaces expressions by JSON values or names, as esbuild's option of that name does.
	Define map[string]string
	// TSConfig is the text of a tsconfig.json, or "".
	TSConfig string
	// JSXImportSource is used unless the tsconfig or a pragma names another.
	JSXImportSource string
}

// Parse reads one module. A nil tree means that the messages hold at least one error.
func Parse(text string, options ParseOptions) (*Tree, []Message) {
	log := logger.NewDeferLog(logger.DeferLogNoVerboseOrDebug, nil)
	source := logger.Source{
		Index:          sourceIndex,
		KeyPath:        logger.Path{Text: options.Path, Namespace: "file"},
		PrettyPaths:    logger.PrettyPaths{Rel: options.Path, Abs: options.Path},
		IdentifierName: js_ast.GenerateNonUniqueNameFromPath(options.Path),
		Contents:       text,
	}
	parserOptions, ok := parserOptions(log, options)
	if !ok {
		return nil, messages(log.Done())
	}
	parsed, ok := js_parser.Parse(log, source, parserOptions)
	found := messages(log.Done())
	if !ok || hasError(found) {
		return nil, found
	}
	return newTree(parsed, source), found
}

func parserOptions(log logger.Log, options ParseOptions) (js_parser.Options, bool) {
	c := config.Options{
		Mode:                  config.ModeConvertFormat,
		OutputFormat:          config.FormatESModule,
		TreeShaking:           true, // one Part per top-level statement
		UnsupportedJSFeatures: target,
		OriginalTargetEnv:     "ES2022",
		// Every module of an app is an ES module: strict, and without exports, module and this.
		ModuleTypeData: js_ast.ModuleTypeData{Type: js_ast.ModuleESM_MJS},
		JSX:            config.JSXOptions{AutomaticRuntime: true, ImportSource: options.JSXImportSource},
	}
	switch path.Ext(options.Path) {
	case ".ts":
		c.TS.Parse = true
	case ".mts", ".cts":
		c.TS.Parse, c.TS.NoAmbiguousLessThan = true, true
	case ".tsx":
		c.TS.Parse, c.JSX.Parse = true, true
	case ".jsx":
		c.JSX.Parse = true
	}
	if options.TSConfig != "" && (c.TS.Parse || c.JSX.Parse) && !applyTSConfig(log, options.TSConfig, &c) {
		return js_parser.Options{}, false
	}
	c.JSX.Development = false // its line numbers would change client code below every edit
	if len(options.Define) > 0 {
		c.Defines = defines(log, options.Define)
	}
	return js_parser.OptionsFromConfig(&c), !log.HasErrors()
}

var tsconfigs remembered[*resolver.TSConfigJSON]

func applyTSConfig(log logger.Log, text string, c *config.Options) bool {
	tsconfig, known := tsconfigs.get(text)
	if !known {
		var silent bool
		if tsconfig, silent = parseTSConfig(log, text); tsconfig == nil {
			return false
		}
		if silent { // else each module says what is wrong with it
			tsconfigs.put(text, tsconfig)
		}
	}
	tsconfig.JSXSettings.ApplyTo(&c.JSX)
	if c.TS.Parse {
		c.TS.Config = tsconfig.Settings
	}
	return true
}

func parseTSConfig(log logger.Log, text string) (tsconfig *resolver.TSConfigJSON, silent bool) {
	own := logger.NewDeferLog(logger.DeferLogNoVerboseOrDebug, nil)
	source := logger.Source{
		KeyPath:     logger.Path{Text: "/tsconfig.json", Namespace: "file"},
		PrettyPaths: logger.PrettyPaths{Rel: "tsconfig.json", Abs: "tsconfig.json"},
		Contents:    text,
	}
	caches := cache.MakeCacheSet()
	none := fs.MockFS(nil, fs.MockUnix, "/")
	tsconfig = resolver.ParseTSConfigJSON(own, source, &caches.JSONCache, none, "/", "/", nil)
	failed := own.HasErrors()
	said := own.Done()
	for _, message := range said {
		log.AddMsg(message)
	}
	if failed {
		return nil, false
	}
	return tsconfig, len(said) == 0
}

var processedDefines remembered[*config.ProcessedDefines]

// defines follows validateDefines of esbuild's pkg/api; values that are neither JSON literals nor
// names need injected files there and are an error here.
func defines(log logger.Log, values map[string]string) *config.ProcessedDefines {
	keys := make([]string, 0, len(values))
	for key := range values {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	var text strings.Builder
	for _, key := range keys {
		text.WriteString(key + "\x00" + values[key] + "\x00")
	}
	if known, ok := processedDefines.get(text.String()); ok {
		return known
	}
	var data []config.DefineData
	valid := true
	for _, key := range keys {
		expr, injected := js_parser.ParseDefineExpr(values[key])
		if expr.Constant == nil && len(expr.Parts) == 0 {
			valid = false
			if injected != nil {
				log.AddError(nil, logger.Range{}, "The value of define "+key+" must be a name, a string, a number, a boolean or null")
			} else {
				log.AddError(nil, logger.Range{}, "Invalid define value for "+key+": "+values[key])
			}
			continue
		}
		data = append(data, config.DefineData{KeyParts: strings.Split(key, "."), DefineExpr: &expr})
	}
	processed := config.ProcessDefines(data)
	if valid {
		processedDefines.put(text.String(), &processed)
	}
	return &processed
}
