// The part of @11ty/nunjucks that template-engine.ts stands on; the package brings no types.

declare module "@11ty/nunjucks" {
  export interface Node {
    readonly typename: string
    readonly lineno: number
    readonly colno: number
    readonly fields: readonly string[]
    children?: Node[]
    value?: unknown
    [field: string]: unknown
  }

  export type NodeClass = new (line: number, column: number, ...fields: unknown[]) => Node

  export interface Frame {
    topLevel: boolean
  }

  export type Callable = (this: unknown, ...args: unknown[]) => unknown

  export interface Nunjucks {
    readonly parser: { parse(source: string, extensions: readonly unknown[], options: object): Node }
    readonly compiler: {
      readonly Compiler: new (name: string, throwOnUndefined: boolean) => { compile(node: Node): void; getCode(): string }
    }
    readonly nodes: { readonly Filter: NodeClass; readonly Symbol: NodeClass; readonly NodeList: NodeClass; readonly Literal: NodeClass }
    readonly runtime: Readonly<Record<string, unknown>> & {
      readonly Frame: new () => Frame
      readonly SafeString: new (text: string) => object
    }
    readonly Environment: new (
      loaders: readonly unknown[],
      options: object,
    ) => { readonly filters: Record<string, Callable>; readonly tests: Record<string, Callable> }
  }

  const nunjucks: Nunjucks
  export default nunjucks
}
