// What one test runs with the library: writes, syncs and names of which some are lost.
import { closeSync, fsyncSync, openSync, renameSync, unlinkSync, writeFileSync, writeSync } from 'node:fs'

const [, , data = ''] = process.argv
const path = (name: string): string => `${data}/${name}`

function whole(name: string): void {
  const file = openSync(path(name), 'w')
  writeSync(file, 'whole')
  fsyncSync(file)
  closeSync(file)
}

writeFileSync(path('never synced'), 'lost')
const half = openSync(path('deleted'), 'w')
writeSync(half, 'first half, ')
fsyncSync(half)
writeSync(half, 'second half')
closeSync(half)
whole('a')
renameSync(path('a'), path('renamed'))
const folder = openSync(data, 'r')
fsyncSync(folder)
whole('before it was renamed')
renameSync(path('before it was renamed'), path('renamed late'))
unlinkSync(path('deleted'))
process.kill(process.pid, 'SIGKILL')
