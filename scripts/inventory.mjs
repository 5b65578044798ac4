// What is inside a package: the crates that the programs are linked with, the Go modules of MediaMTX, and the npm packages whose code
// is in the page. Written as an SBOM (CycloneDX 1.5, JSON) and as the text of all licences.
// usage: node scripts/inventory.mjs --target TRIPLE --mediamtx FILE --version V --sbom FILE --licences FILE
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const { values: options } = parseArgs({
  options: Object.fromEntries(['target', 'mediamtx', 'version', 'sbom', 'licences'].map((name) => [name, { type: 'string' }])),
})
const run = (program, ...args) => execFileSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 })

/** The programs of the package. */
const PROGRAMS = ['havatard', 'havatarctl', 'havatar-sim']
/** What the page's code is compiled with and carries, and the script that MediaMTX's own page carries. */
const IN_THE_PAGE = [['web', 'svelte'], ['mediamtx', 'hls.js']]

/** The texts of a folder's licence files. */
function texts(folder) {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => /^(licen[cs]e|copying|notice|copyright)/i.test(name)) : []
  return names.sort().flatMap((name) => {
    try {
      return [readFileSync(join(folder, name), 'utf8').replace(/\r\n/g, '\n').trim()]
    } catch {
      return [] // a folder of them
    }
  })
}

function crates() {
  const { packages, resolve, workspace_members: ours } = JSON.parse(
    run('cargo', 'metadata', '--locked', '--format-version', '1', '--filter-platform', options.target),
  )
  const byId = new Map(packages.map((one) => [one.id, one]))
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]))
  const found = new Set()
  const visit = (id) => {
    if (found.has(id)) return
    found.add(id)
    for (const { pkg, dep_kinds: kinds } of nodes.get(id).deps) {
      if (kinds.some(({ kind }) => kind === null)) visit(pkg)
    }
  }
  for (const { id, name } of packages) if (PROGRAMS.includes(name) && ours.includes(id)) visit(id)
  return [...found].filter((id) => !ours.includes(id)).map((id) => {
    const { name, version, license, manifest_path: manifest } = byId.get(id)
    return { type: 'cargo', name, version, licence: license, texts: texts(join(manifest, '..')) }
  })
}

function goModules() {
  const cache = run('go', 'env', 'GOMODCACHE').trim()
  const lines = run('go', 'version', '-m', options.mediamtx).split('\n').map((line) => line.trim().split(/\s+/))
  // Capitals are escaped in the cache.
  const folder = (name, version) => join(cache, `${name}@${version}`.replace(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`))
  return lines.filter(([kind]) => kind === 'dep').map(([, name, version]) => (
    { type: 'golang', name, version, licence: null, texts: texts(folder(name, version)) }
  ))
}

function npmPackages() {
  return IN_THE_PAGE.map(([folder, name]) => {
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')).packages[`node_modules/${name}`]
    const installed = join(folder, 'node_modules', name)
    return { type: 'npm', name, version, licence: license ?? null, texts: texts(installed) }
  })
}

const parts = [...crates(), ...goModules(), ...npmPackages()].sort((a, b) =>
  `${a.type} ${a.name} ${a.version}` < `${b.type} ${b.name} ${b.version}` ? -1 : 1,
)
const purl = ({ type, name, version }) => `pkg:${type}/${name}@${encodeURIComponent(version)}`

// No serial number and no time: the same sources give the same file.
writeFileSync(options.sbom, `${JSON.stringify({
  bomFormat: 'CycloneDX',
  specVersion: '1.5',
  version: 1,
  metadata: { component: { type: 'application', name: 'havatar', version: options.version, 'bom-ref': 'havatar' } },
  components: parts.map((part) => ({
    type: 'library',
    'bom-ref': purl(part),
    name: part.name,
    version: part.version,
    purl: purl(part),
    ...(part.licence && { licenses: [{ expression: part.licence.replaceAll('/', ' OR ') }] }),
  })),
}, null, 1)}\n`)

// Each text once, under all that it is of.
const byText = new Map()
for (const part of parts) {
  for (const text of part.texts) byText.set(text, [...(byText.get(text) ?? []), `${part.name} ${part.version}`])
}
const without = parts.filter((part) => part.texts.length === 0)
const rule = '-'.repeat(78)
writeFileSync(options.licences, [
  'Havatar is linked with, or carries, the works below, each under the terms that stand under its name.',
  ...(without.length === 0 ? [] : [[
    'These come without a file of their own; their manifests name the terms:',
    ...without.map(({ name, version, licence }) => `  ${name} ${version}: ${licence ?? 'see its repository'}`),
  ].join('\n')]),
  ...[...byText].map(([text, of]) => `${rule}\n${[...new Set(of)].join('\n')}\n${rule}\n\n${text}`),
].join('\n\n').concat('\n'))
console.log(`${parts.length} works, ${byText.size} texts of licences`)
