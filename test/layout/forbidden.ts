// Finds what only the platform may use: time, timers, randomness, files, sockets, threads. A run can be simulated and
// replayed only if nothing else in the product reaches for them.
import ts from "typescript"
import type { Problem } from "./check.ts"
import type { Import } from "./imports.ts"
import { brandedClasses, cliMembers, platformGlobals, platformMembers, platformModules } from "./rules.ts"

type Members = Readonly<Record<string, RegExp>>

export function checkForbiddenNames(path: string, tree: ts.SourceFile, imports: readonly Import[]): Problem[] {
  const inPlatform = path.startsWith("src/platform/")
  const inCli = path.startsWith("src/cli/") || path.startsWith("bin/")
  const problems: Problem[] = []
  const report = (node: ts.Node, text: string): void => {
    problems.push({ path, line: tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1, text })
  }
  if (!inPlatform) {
    for (const found of imports) problems.push(...importProblems(path, found, platformMembers))
    visitNames(tree, aliasesOf(imports), (node, name) => {
      if (isPlatformName(name)) report(node, `${name} belongs to the platform`)
    })
  }
  if (!inCli) {
    visitNames(tree, aliasesOf(imports), (node, name) => {
      if (matches(cliMembers, name)) report(node, `${name} belongs to the command line`)
    })
  }
  visitInstanceOf(tree, (node, name) => {
    if (brandedClasses.includes(name)) report(node, `${name} is recognised by its brand, not by instanceof`)
  })
  return problems
}

/** Calls `use` with the class of every `instanceof`. */
function visitInstanceOf(tree: ts.SourceFile, use: (node: ts.Node, name: string) => void): void {
  const visit = (node: ts.Node): void => {
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.InstanceOfKeyword) use(node, node.right.getText(tree))
    ts.forEachChild(node, visit)
  }
  visit(tree)
}

function importProblems(path: string, found: Import, members: Members): Problem[] {
  if (!found.builtin) return []
  if (platformModules.includes(found.specifier)) return [{ path, line: found.line, text: `${found.specifier} belongs to the platform` }]
  return found.names
    .filter((name) => members[found.specifier]?.test(name))
    .map((name) => ({ path, line: found.line, text: `${found.specifier}.${name} belongs to the platform` }))
}

/** Local name → the global or built-in module it stands for: `import * as z from "node:zlib"` makes `z` mean `zlib`. */
function aliasesOf(imports: readonly Import[]): Map<string, string> {
  return new Map(imports.filter((found) => found.builtin).flatMap((found) => found.whole.map((local) => [local, found.specifier] as const)))
}

function isPlatformName(name: string): boolean {
  return platformGlobals.includes(name) || name === "new Date()" || name === "Date()" || matches(platformMembers, name)
}

function matches(members: Members, name: string): boolean {
  const dot = name.indexOf(".")
  return dot > 0 && (members[name.slice(0, dot)]?.test(name.slice(dot + 1)) ?? false)
}

/** Calls `use` with every name that the code uses: `setTimeout`, `Date.now`, `new Date()`; `globalThis.` is left out. */
function visitNames(tree: ts.SourceFile, aliases: ReadonlyMap<string, string>, use: (node: ts.Node, name: string) => void): void {
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node)) useMember(node, node.expression, node.name.text)
    else if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
      useMember(node, node.expression, node.argumentExpression.text)
    } else if (ts.isVariableDeclaration(node) && ts.isObjectBindingPattern(node.name) && node.initializer !== undefined) {
      for (const one of node.name.elements) useMember(one, node.initializer, (one.propertyName ?? one.name).getText(tree))
    } else if (ts.isNewExpression(node) && node.expression.getText(tree) === "Date" && (node.arguments?.length ?? 0) === 0) {
      use(node, "new Date()")
    } else if (ts.isCallExpression(node) && node.expression.getText(tree) === "Date") use(node, "Date()")
    else if (ts.isIdentifier(node) && isReference(node)) use(node, node.text)
    if (!ts.isTypeNode(node)) ts.forEachChild(node, visit)
  }
  const useMember = (node: ts.Node, object: ts.Expression, member: string): void => {
    const owner = nameOf(object)
    if (owner === "globalThis" || owner === "global") use(node, member)
    else if (owner !== undefined) use(node, `${aliases.get(owner) ?? owner}.${member}`)
  }
  visit(tree)
}

/** `Date` for `Date` and for `globalThis.Date`; nothing for any longer expression. */
function nameOf(expression: ts.Expression): string | undefined {
  if (ts.isIdentifier(expression)) return expression.text
  if (!ts.isPropertyAccessExpression(expression) || !ts.isIdentifier(expression.expression)) return undefined
  return ["globalThis", "global"].includes(expression.expression.text) ? expression.name.text : undefined
}

/** An identifier that stands for a variable, not the name of a member or of something declared here. */
function isReference(node: ts.Identifier): boolean {
  const parent = node.parent
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
  if (ts.isShorthandPropertyAssignment(parent)) return true
  if (ts.isBindingElement(parent)) return parent.initializer === node
  if (ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent)) return false
  return !("name" in parent && parent.name === node)
}
