// Entries of the error catalogue (src/error-catalogue.ts) for components that come from outside: packages that a bootstrap file lists,
// module files that it names, and the package that `new module` makes.

type Details = Readonly<Record<string, unknown>>

interface Entry {
  readonly exitStatus: 2
  readonly message: (details: Details) => string
  readonly hint: (details: Details) => string
}

export const packageErrors = {
  // Packages
  WB_PACKAGE_NAME: {
    exitStatus: 2,
    message: (d) => `\`${d["name"]}\` is no name of a package${d["problem"] === undefined ? "" : `: ${d["problem"]}`}`,
    hint: (d) => String(d["hint"]),
  },
  WB_PACKAGE_NOT_FOUND: {
    exitStatus: 2,
    message: (d) =>
      d["folder"] === undefined
        ? `There is no package \`${d["name"]}\`: neither in \`${d["from"]}\` and the folders above it, nor where wishbone-ts is installed`
        : `There is no package \`${d["name"]}\`: \`${d["folder"]}\` ${d["problem"]}`,
    hint: (d) => String(d["hint"]),
  },
  WB_PACKAGE_MANIFEST: {
    exitStatus: 2,
    message: (d) => `The package \`${d["name"]}\` cannot be used: \`${d["file"]}\` ${d["problem"]}`,
    hint: (d) => String(d["hint"] ?? "Install the package anew, or mend that file."),
  },
  WB_PACKAGE_VERSION: {
    exitStatus: 2,
    message: (d) => `The package \`${d["name"]}\`${d["own"] ?? ""} wants wishbone-ts ${d["range"]}, and this is ${d["version"]}`,
    hint: (d) => `Install a version of \`${d["name"]}\` made for wishbone-ts ${d["version"]}, or a wishbone-ts that it was made for.`,
  },

  // The code in them
  WB_COMPONENT_FILE_MISSING: {
    exitStatus: 2,
    message: (d) => `There is no file \`${d["file"]}\`${d["why"] === undefined ? "" : `, ${d["why"]}`}`,
    hint: (d) => String(d["hint"]),
  },
  WB_COMPONENT_IMPORT: {
    exitStatus: 2,
    message: (d) => `\`${d["name"]}\` cannot be loaded: ${d["reason"]}${d["at"] === undefined ? "" : ` (${d["at"]})`}`,
    hint: (d) => String(d["hint"] || "The mistake is in that code, not in the bootstrap file: mend it there, or tell whoever wrote it."),
  },
  WB_COMPONENT_IMPORT_ENDLESS: {
    exitStatus: 2,
    message: (d) => `\`${d["name"]}\` cannot be loaded: its import had not ended after ${d["seconds"]} s`,
    hint: () => "A top-level `await` in it waits for something that does not come: open what is needed in `preHook`.",
  },
  WB_COMPONENT_EXPORT: {
    exitStatus: 2,
    message: (d) => `\`${d["name"]}\` exports no ${d["expected"]}: ${d["problem"]}`,
    hint: (d) => String(d["hint"]),
  },
  WB_COMPONENT_TYPESCRIPT: {
    exitStatus: 2,
    message: (d) => `\`${d["file"]}\` is TypeScript, ${d["problem"]}`,
    hint: (d) => String(d["hint"]),
  },

  // Making one
  WB_NEW_NAMESPACE: {
    exitStatus: 2,
    message: (d) => `\`${d["name"]}\`: the namespace \`wishbone\` belongs to the modules that come with the program`,
    hint: (d) => `Take one of your own, such as \`${d["suggested"]}\`.`,
  },
  WB_NEW_FOLDER: {
    exitStatus: 2,
    message: (d) => `The package cannot be made in \`${d["folder"]}\`: ${d["problem"]}`,
    hint: (d) => String(d["hint"]),
  },
} satisfies Record<string, Entry>
