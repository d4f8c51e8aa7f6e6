import { describe, expect, test } from "vitest"
import { compileTemplate, type TemplateContext, type TemplateSetting } from "../../../src/actor/template.ts"
import { failureKindOf } from "../../../src/errors.ts"

const setting: TemplateSetting = {
  env: { HOME: "/root", PORT: "19283" },
  version: "1.2.3",
  pid: 42,
  functions: { epoch: () => 7, uuid: () => "made", shout: (text) => `${String(text)}!` },
}

const event: Record<string, unknown> = {
  data: {
    a: { b: 5 },
    items: [{ name: "first" }],
    list: [1, 2],
    nothing: null,
    text: "words",
    no: false,
    key: "constructor",
    bytes: Buffer.from("hé"),
    noise: Buffer.from([0xff, 0xfe]),
    made: JSON.parse('{ "__proto__": { "x": 1 }, "constructor": 2, "toString": 3 }') as unknown,
    braces: "{{ data.text }}",
  },
  uuid: "u-1",
  tags: ["red"],
  timestamp: 1.5,
}

const context: TemplateContext = { read: (root) => event[root] }

function render(source: string): unknown {
  return compileTemplate(source, setting).render(context)
}

function failure(source: string): { kind: string; message: string } {
  const template = compileTemplate(source, setting)
  try {
    return { kind: "none", message: String(template.render(context)) }
  } catch (error) {
    return { kind: failureKindOf(error), message: (error as Error).message }
  }
}

function refusal(source: string): unknown {
  try {
    return compileTemplate(source, setting).source
  } catch (error) {
    const { code, message, hint, details } = error as {
      code: string
      message: string
      hint: string
      details: { line?: number; column?: number }
    }
    return { code, message, hint, line: details.line, column: details.column }
  }
}

describe("a lone path keeps its type", () => {
  test.each([
    ["{{ data.a.b }}", 5],
    ["{{data.a.b}}", 5],
    ["{{- data.a.b -}}", 5],
    ["{{ data.items[0].name }}", "first"],
    ["{{ data.items.0.name }}", "first"],
    ["{{ data.list }}", [1, 2]],
    ["{{ data.nothing }}", null],
    ["{{ data.no }}", false],
    ["{{ uuid }}", "u-1"],
    ["{{ tags[0] }}", "red"],
    ["{{ timestamp }}", 1.5],
    ["{{ data.braces }}", "{{ data.text }}"],
    ["{{ pid }}", 42],
    ["{{ pid() }}", 42],
    ["{{ env.HOME }}", "/root"],
  ])("%s", (source, value) => {
    expect(render(source)).toEqual(value)
  })

  test("and is the very object of the event", () => {
    expect(render("{{ data }}")).toBe(event["data"])
  })
})

describe("anything longer is text", () => {
  test.each([
    ["{{ data.a.b }} ", "5 "],
    ["{{ data.a.b }}\n", "5\n"],
    ["x {{ data.a.b }}", "x 5"],
    ["{{ data.a.b + 1 }}", "6"],
    ["{{ uuid }} {{ data.list }} {{ data.a }}", 'u-1 [1,2] {"b":5}'],
    ["{{ data.text | upper }}", "WORDS"],
    ["{{ data.a | tojson }}", '{"b":5}'],
    ["{{ data.no }}!", "false!"],
    ["{{ data.bytes }}!", "hé!"],
    ["<{{ '<&>' }}>", "<<&>>"],
    ["{% for item in data.list %}{{ item }},{% endfor %}{{ '' }}", "1,2,"],
    ["{% for key, value in data.a %}{{ key }}={{ value }}{% endfor %}", "b=5"],
    ["{% set x = data.text %}{{ x }}!", "words!"],
    ["{{ 'a' if data.no else 'b' }}", "b"],
    ["{{ epoch() }}", "7"],
    ["{{ data.a.b is divisibleby(5) }}", "true"],
    ["{{ data.a.b is gt(data.list[0]) }}", "true"],
    ["{% set data = 'own' %}{{ data }}.", "own."],
    ["{{ [1, 2, 3] | select('odd') | join(',') }}", "1,3"],
    ["{{ { a: data.text } | tojson }}", '{"a":"words"}'],
    ["{# a remark #}{{ 'x' }}", "x"],
    ["{{ shout(data.text) }}", "words!"],
    ["{{ uuid() }}/{{ uuid }}", "made/u-1"],
    ["{{ range(3) | join('-') }}", "0-1-2"],
    ["{{ data.text[0] }}{{ data.text.length }}", "w5"],
    ["{{ data.made.toString }}.", "3."],
  ])("%j", (source, text) => {
    expect(render(source)).toBe(text)
  })

  test("event data is never read as a template", () => {
    expect(render("{{ data.braces }}!")).toBe("{{ data.text }}!")
  })
})

describe("what is missing fails the event", () => {
  test.each([
    ["{{ data.x.y }}", "data.x.y"],
    ["a {{ data.x.y }}", "data.x.y"],
    ["{{ data.items[3].name }}", "data.items[3].name"],
    ["{{ data.x | upper }}", "data.x"],
    ["{{ 'a' ~ data.x }}", "data.x"],
    ["{{ data.x + 1 }}", "data.x"],
    ["{{ -data.x }}", "data.x"],
    ["{{ data.x < 3 }}", "data.x"],
    ["{% for item in data.x %}{{ item }}{% endfor %}", "data.x"],
    ["{{ data['odd name'] }}", 'data["odd name"]'],
    ["{{ ttl }}", "ttl"],
    ["{{ env.NOWHERE }}", "env.NOWHERE"],
    ["{{ env('NOWHERE') }}", 'env("NOWHERE")'],
  ])("%j", (source, path) => {
    expect(failure(source)).toEqual({ kind: "invalid", message: `The template \`${source}\`: \`${path}\` is missing` })
  })

  test("unless the template asks whether it is there", () => {
    expect(render("{{ data.x | default('none') }}")).toBe("none")
    expect(render("{{ data.x.y | default('none') }}")).toBe("none")
    expect(render("{{ data.x or 'none' }}")).toBe("none")
    expect(render("{{ 'yes' if data.x is defined else 'no' }}")).toBe("no")
    expect(render("{% if data.x %}yes{% else %}no{% endif %}{{ '' }}")).toBe("no")
    expect(render("{{ data.x == 3 }}")).toBe("false")
    expect(render("{{ data.nothing | default('none', true) }}")).toBe("none")
  })

  test("so does what has no text", () => {
    expect(failure("{{ data.nothing }}!").message).toContain("`data.nothing` is null, which has no text")
    expect(failure("{{ data.noise }}!").message).toContain("`data.noise` holds bytes that are not text")
    expect(failure("{{ data.text * 2 }}").message).toContain("`data.text * 2` is not a number that can be written down")
    expect(failure("{{ 1 / 0 }}").kind).toBe("invalid")
  })

  test("a long template is shortened in the message", () => {
    expect(failure(`{{ data.x }}${"y".repeat(100)}`).message).toBe(`The template \`{{ data.x }}${"y".repeat(48)}…\`: \`data.x\` is missing`)
  })
})

describe("nothing leads out of the template", () => {
  test.each([
    "{{ data.constructor.constructor('return process')() }}",
    "{{ data['constructor']['constructor']('return process')() }}",
    "{{ data['const' ~ 'ructor'] }}",
    "{{ data[data.key] }}",
    "{{ data.__proto__ }}",
    "{{ data.__proto__.polluted }}",
    "{{ data.made.__proto__ }}",
    "{{ data.made.constructor }}",
    "{{ data.text.constructor.constructor('return process')() }}",
    "{{ ''.constructor.constructor('return process')() }}",
    "{{ ''['__proto__'] }}",
    "{{ data.list.constructor('x') }}",
    "{{ (data.list | first).constructor('x')() }}",
    "{{ (data.list | join).constructor }}",
    "{{ [].constructor.constructor('return process')() }}",
    "{{ {}.constructor.constructor('return process')() }}",
    "{{ range.constructor('return process')() }}",
    "{{ epoch().constructor.constructor('return process')() }}",
    "{{ env.constructor.constructor('return process')() }}",
    "{{ env('constructor') }}",
    "{{ tags.map(uuid) }}",
    "{{ data.text.toUpperCase() }}",
    "{{ data.list.push(1) }}",
    "{{ data.list | join('-', 'constructor') }}",
    "{{ data.list | groupby('constructor') }}",
    "{{ data.list | sort(attribute='constructor.name') }}",
    "{{ data.text.toString }}",
    "{% set x = data.constructor %}{{ x }}",
    "{{ range(1000000000) }}",
  ])("%s", (source) => {
    expect(failure(source).kind).toBe("invalid")
  })

  test.each([
    ["{% include 'x' %}{{ 1 }}", "include"],
    ["{% extends 'x' %}{{ 1 }}", "extends"],
    ["{% import 'x' as y %}{{ 1 }}", "import"],
    ["{% from 'x' import y %}{{ 1 }}", "fromimport"],
    ["{% macro m() %}{% endmacro %}{{ 1 }}", "macro"],
    ["{% block b %}{% endblock %}{{ 1 }}", "block"],
  ])("%s is refused", (source, word) => {
    expect(refusal(source)).toMatchObject({
      code: "WB_TEMPLATE_SYNTAX",
      message: expect.stringContaining(`\`${word}\` is not available here`) as string,
    })
  })

  test.each([
    "{{ process.exit() }}",
    "{{ globalThis }}",
    "{{ cycler('a').next }}",
    "{{ joiner() }}",
    "{{ self.x }}",
    "{{ super() }}",
    "{{ require('fs') }}",
  ])("%s names nothing", (source) => {
    expect(refusal(source)).toMatchObject({ code: "WB_TEMPLATE_NAME" })
  })

  test("and nothing is random", () => {
    expect(refusal("{{ data.list | random }}")).toMatchObject({ code: "WB_TEMPLATE_SYNTAX" })
  })
})

describe("mistakes are found at start", () => {
  test("in the syntax, with their place", () => {
    expect(refusal("{{ data..b }}")).toMatchObject({ code: "WB_TEMPLATE_SYNTAX", line: 1, column: 9 })
    expect(refusal("one\n{{ data a }}")).toMatchObject({
      line: 2,
      column: 9,
      message: expect.stringContaining("(line 2, column 9)") as string,
    })
    expect(refusal("{{ data.b")).toMatchObject({
      code: "WB_TEMPLATE_SYNTAX",
      message: "The template `{{ data.b` cannot be read: `{{` is not closed by `}}`",
    })
  })

  test("in names, with the nearest", () => {
    expect(refusal("{{ dta.x }}")).toMatchObject({
      message: "The template `{{ dta.x }}` cannot be filled in: there is nothing called `dta`",
      hint: "Did you mean `data`?",
    })
    expect(refusal("{{ shuot('a') }}")).toMatchObject({ code: "WB_TEMPLATE_NAME", hint: "Did you mean `shout`?" })
    expect(refusal("{{ epoch }}")).toMatchObject({ hint: "Write `epoch()`." })
    expect(refusal("{{ data.x | uper }}")).toMatchObject({ code: "WB_TEMPLATE_SYNTAX", hint: "Did you mean `upper`?" })
    expect(refusal("{{ data.x is defind }}")).toMatchObject({ code: "WB_TEMPLATE_SYNTAX", hint: "Did you mean `defined`?" })
  })
})

test("a template that uses only env, version and pid needs no event", () => {
  const uses = (source: string): boolean => compileTemplate(source, setting).usesEvent
  expect(["{{ env.HOME }}", "{{ env('HOME') }}/x", "{{ version() }}-{{ pid }}", "{{ range(2) | join }}"].map(uses)).toEqual([
    false,
    false,
    false,
    false,
  ])
  expect(["{{ data }}", "{{ uuid }}-{{ pid }}", "{{ epoch() }}", "{% for x in tags %}{{ x }}{% endfor %}"].map(uses)).toEqual([
    true,
    true,
    true,
    true,
  ])
})

test("reads only the roots it names", () => {
  const read: string[] = []
  const watching: TemplateContext = {
    read: (root) => {
      read.push(root)
      return event[root]
    },
  }
  compileTemplate("{{ data.text }}-{{ version }}", setting).render(watching)
  compileTemplate("{{ tags }}", setting).render(watching)
  expect(read).toEqual(["data", "tags"])
})

test("a function that throws fails the event", () => {
  const broken: TemplateSetting = {
    ...setting,
    functions: {
      fail: () => {
        throw new Error("out of luck")
      },
    },
  }
  expect(() => compileTemplate("{{ fail() }}", broken).render(context)).toThrow("The template `{{ fail() }}`: out of luck")
})
