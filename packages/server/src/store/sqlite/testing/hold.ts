// A process of its own that writes a room and keeps the store open until it is killed. Argument: the directory.
import { append, committed, created, message, NOW, room } from '../../testing/items.ts'
import { openSqliteStore } from '../store.ts'

const directory = process.argv[2]
if (directory === undefined) throw new Error('the directory is missing')
const store = await openSqliteStore({ directory, node: 1, clock: { now: () => NOW } })
await committed(store, append(room('2070276095283454999'), 0, [created(), message('held')]))
process.stdout.write('held\n')
// Whoever refers to it no more loses it to the next garbage collection, and the lock with it.
setInterval(() => store.newId(), 1_000)
