// Lets the genuine Prisma CLI run without the engine that it would download: its WASM engine speaks through node-postgres.
import { randomUUID } from 'node:crypto'
import { PrismaPg } from '@prisma/adapter-pg'
import { ColumnTypeEnum } from '@prisma/driver-adapter-utils'
import { defineConfig } from 'prisma/config'

const CHAR_OID = 18
const BPCHAR_OID = 1042
const LOCK_TIMER_MS = 10_000

// The WASM engine never stops its lock timer, so each command would end ten seconds late.
const setTimer: any = globalThis.setTimeout
;(globalThis as any).setTimeout = (run: any, delay: number, ...more: any[]) => {
  const timer = setTimer(run, delay, ...more)
  if (delay === LOCK_TIMER_MS) timer.unref()
  return timer
}

const address = new URL(process.env.DATABASE_URL!)
const client = (database: string) => ({
  host: address.hostname,
  port: Number(address.port || 5432),
  user: decodeURIComponent(address.username),
  password: decodeURIComponent(address.password),
  database,
  idleTimeoutMillis: 50,
})

// The adapter has no word for the catalogue's type "char", which the engine wants as a character.
function withCharacters(connection: any) {
  const query = connection.client.query.bind(connection.client)
  const queryRaw = connection.queryRaw.bind(connection)
  let characters: number[] = []
  connection.client.query = async (...words: any[]) => {
    const answer = await query(...words)
    characters = []
    ;(answer?.fields ?? []).forEach((field: any, place: number) => {
      if (field.dataTypeID !== CHAR_OID) return
      field.dataTypeID = BPCHAR_OID
      characters.push(place)
    })
    return answer
  }
  connection.queryRaw = async (words: any) => {
    const answer = await queryRaw(words)
    for (const place of characters) answer.columnTypes[place] = ColumnTypeEnum.Character
    return answer
  }
  return connection
}

// One simple query for each script is one transaction, as with the native engine; the adapter would cut it at each ';'.
function withWholeScripts(connection: any) {
  connection.executeScript = async (sql: string) => {
    try {
      await connection.client.query(sql)
    } catch (problem) {
      connection.onError(problem)
    }
  }
  return connection
}

function adapter(database = decodeURIComponent(address.pathname.slice(1))) {
  const factory: any = new PrismaPg(client(database))
  const connect = factory.connect.bind(factory)
  factory.connect = async () => withWholeScripts(withCharacters(await connect()))
  factory.connectToShadowDb = async () => {
    const owner = await factory.connect()
    const name = `prisma_migrate_shadow_db_${randomUUID()}`
    await owner.executeScript(`CREATE DATABASE "${name}"`)
    const shadow = await adapter(name).connect()
    const dispose = shadow.dispose.bind(shadow)
    shadow.dispose = async () => {
      await dispose()
      await owner.executeScript(`DROP DATABASE "${name}" WITH (FORCE)`)
      await owner.dispose()
    }
    return shadow
  }
  return factory
}

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  experimental: { adapter: true },
  engine: 'js',
  adapter: async () => adapter(),
})
