// Every way in which a file can name another module: import and export declarations, `import x = require()`, types as
// `import("x").T`, and calls of `import()`, `require()` and `process.getBuiltinModule()` with a literal.
import { builtinModules } from "node:module"
import ts from "typescript"

export interface Import {
  /** As written, but built-in modules of Node without `node:`. */
  readonly specifier: string
  readonly builtin: boolean
  /** 1-based. */
  readonly line: number
  /** When the program loads it: with the file, when a call asks for it, or never because only types are taken. */
  readonly loads: "at start" | "on call" | "never"
  /** Names taken from it, as the other side spells them. */
  readonly names: readonly string[]
  /** Local names under which the module as a whole is known here. */
  readonly whole: readonly string[]
}

export function importsOf(tree: ts.SourceFile): Import[] {
  const found: Import[] = []
  const add = (node: ts.Node, specifier: ts.Node | undefined, rest: Pick<Import, "loads" | "names" | "whole">): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return
    const name = specifier.text.replace(/^node:/, "")
    const builtin = name !== specifier.text || builtinModules.includes(name)
    found.push({ specifier: name, builtin, line: tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1, ...rest })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node, node.moduleSpecifier, namesOfImport(node.importClause))
    else if (ts.isExportDeclaration(node)) add(node, node.moduleSpecifier, namesOfExport(node))
    else if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
      add(node, node.moduleReference.expression, { loads: "at start", names: [], whole: [node.name.text] })
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node, node.argument.literal, { loads: "never", names: [], whole: [] })
    } else if (ts.isCallExpression(node) && isLoadingCall(node)) {
      add(node, node.arguments[0], { loads: node.expression.getText(tree) === "require" ? "at start" : "on call", ...namesOfCall(node) })
    }
    ts.forEachChild(node, visit)
  }
  visit(tree)
  return found
}

function namesOfImport(clause: ts.ImportClause | undefined): Pick<Import, "loads" | "names" | "whole"> {
  const bindings = clause?.namedBindings
  const elements = bindings !== undefined && ts.isNamedImports(bindings) ? bindings.elements : undefined
  const typesOnly = clause?.phaseModifier === ts.SyntaxKind.TypeKeyword
  return {
    loads: typesOnly ? "never" : "at start",
    names: elements?.map((element) => (element.propertyName ?? element.name).text) ?? [],
    whole: [clause?.name, bindings !== undefined && ts.isNamespaceImport(bindings) ? bindings.name : undefined].flatMap(
      (id) => id?.text ?? [],
    ),
  }
}

function namesOfExport(node: ts.ExportDeclaration): Pick<Import, "loads" | "names" | "whole"> {
  const clause = node.exportClause
  const elements = clause !== undefined && ts.isNamedExports(clause) ? clause.elements : []
  return { loads: node.isTypeOnly ? "never" : "at start", names: elements.map((one) => (one.propertyName ?? one.name).text), whole: [] }
}

function isLoadingCall(node: ts.CallExpression): boolean {
  const callee = node.expression
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return true
  if (ts.isIdentifier(callee)) return callee.text === "require"
  return ts.isPropertyAccessExpression(callee) && callee.name.text === "getBuiltinModule"
}

/** `const { a } = await import("x")` takes names, `const x = await import("x")` the whole. */
function namesOfCall(call: ts.CallExpression): Pick<Import, "names" | "whole"> {
  let node: ts.Node = call.parent
  while (ts.isAwaitExpression(node) || ts.isParenthesizedExpression(node)) node = node.parent
  if (ts.isPropertyAccessExpression(node)) return { names: [node.name.text], whole: [] }
  if (!ts.isVariableDeclaration(node)) return { names: [], whole: [] }
  if (ts.isIdentifier(node.name)) return { names: [], whole: [node.name.text] }
  return {
    names: node.name.elements.flatMap((one) => (ts.isBindingElement(one) ? (one.propertyName ?? one.name).getText() : [])),
    whole: [],
  }
}
