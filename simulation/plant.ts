// Puts one fault into the text of the server while it is loaded. Imported before anything of the server is.
import { registerHooks } from 'node:module'
import { FAULTS } from './faults.ts'

/** Throws for a fault that nobody knows, or whose place in the text is not there exactly once. */
export function plant(name: string): void {
  const fault = FAULTS.find(one => one.name === name)
  if (!fault) throw new Error(`no such fault: ${name}`)
  const place = new URL(`../packages/server/src/${fault.file}`, import.meta.url).href
  registerHooks({
    load: (url, context, next) => {
      const loaded = next(url, context)
      if (url !== place) return loaded
      const [before, after, more] = Buffer.from(loaded.source as Uint8Array)
        .toString()
        .split(fault.from)
      if (before === undefined || after === undefined || more !== undefined)
        throw new Error(`what the fault "${name}" replaces does not stand in ${fault.file} exactly once`)
      return { ...loaded, source: `${before}${fault.to}${after}` }
    },
  })
}
