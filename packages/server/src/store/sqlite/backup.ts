// A copy of the database as it is at one moment, while a server goes on writing to it. A connection of its own reads one
// transaction from the beginning to the end: nobody waits for it, and only the log cannot be moved meanwhile. The copy is
// there whole or not at all, and none is written over.
import { access, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { StoreRefusal } from '../store.ts'
import { BUSY_TIMEOUT, DATABASE_FILE } from './open.ts'

/** All pages in one step: between steps another connection's write would make SQLite begin anew, again and again. */
const ALL_PAGES = 0x7fff_ffff

export interface Backup {
  readonly file: string
  readonly bytes: number
}

export async function backupDatabase(directory: string, file: string): Promise<Backup> {
  const source = join(directory, DATABASE_FILE)
  if (!(await exists(source))) throw new StoreRefusal(`There is no database in the data directory ${directory}.`)
  if (await exists(file)) throw new StoreRefusal(`The file ${file} exists already and is not written over.`)
  const part = `${file}.part`
  await reserve(part)
  try {
    await copy(source, part)
    const sound = soundness(part)
    if (sound !== 'ok') throw new StoreRefusal(`The copy is not sound (${sound}): the database itself may be damaged.`)
    await sync(part)
    await rename(part, file)
    await sync(dirname(file))
    return { file, bytes: (await stat(file)).size }
  } catch (error) {
    for (const rest of [part, `${part}-wal`, `${part}-shm`, `${part}-journal`]) await rm(rest, { force: true })
    throw error
  }
}

async function copy(source: string, part: string): Promise<void> {
  const database = new DatabaseSync(source, { readOnly: true })
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`)
    await backup(database, part, { rate: ALL_PAGES })
  } finally {
    database.close()
  }
}

/** Nobody else made it before, with rights of theirs or as a link to a file of theirs. */
async function reserve(part: string): Promise<void> {
  try {
    await (await open(part, 'wx', 0o600)).close()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST')
      throw new StoreRefusal(
        `The file ${part} is there: a backup is being written, or was broken off. Remove it first.`,
      )
    throw new StoreRefusal(`The file ${part} cannot be written (${code}).`)
  }
}

/** It is read back, and becomes one file without a log beside it. */
function soundness(part: string): string {
  const database = new DatabaseSync(part)
  try {
    database.exec('PRAGMA journal_mode = DELETE')
    return String(database.prepare('PRAGMA quick_check(1)').get()?.quick_check)
  } finally {
    database.close()
  }
}

async function sync(path: string): Promise<void> {
  const handle = await open(path)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch {
    return false
  }
}
