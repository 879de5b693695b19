// PostgreSQL refuses to run as root. Where the tests do, its programs run as a user of their own, who can read nothing of
// the tests' own folders: what they need is copied to where everybody may read.
import { spawnSync } from 'node:child_process'
import { chownSync } from 'node:fs'

export interface Runner {
  readonly uid?: number
  readonly gid?: number
}

const NAME = 'conclave-test'

/** As whom engines run: whoever runs the tests, but for root a user that is made when it is missing. */
export function runner(): Runner {
  if (process.getuid?.() !== 0) return {}
  const known = idOf('-u')
  if (known === undefined) {
    const made = spawnSync('useradd', [
      '--system',
      '--user-group',
      '--no-create-home',
      '--home-dir',
      '/nonexistent',
      NAME,
    ])
    // Two runs at the same time may both have found none.
    if (made.status !== 0 && idOf('-u') === undefined)
      throw new Error(`The tests run as root, and the user ${NAME} for the engines cannot be made: ${made.stderr}`)
  }
  return { uid: known ?? (idOf('-u') as number), gid: idOf('-g') as number }
}

/** Hands a folder to the engines' user. */
export function give(path: string, { uid, gid }: Runner): void {
  if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid)
}

function idOf(kind: '-u' | '-g'): number | undefined {
  const { status, stdout } = spawnSync('id', [kind, NAME], { encoding: 'utf8' })
  return status === 0 ? Number(stdout) : undefined
}
