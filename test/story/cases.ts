import { satisfies } from 'semver'

export interface Case {
  client: string
  server: 'https' | 'http2' | 'postgres' | 'ws' | 'net'
  /** `waiting` for a late answer, or asking again on a connection that was idle in the pool. */
  mode: 'waiting' | 'pooled'
  /**
   * Without the hook. `hung`: neither answer nor error. `lost`: an error if the gateway answers what it
   * has forgotten with a reset, else hung. `survives`: the library happens to keep the flow alive.
   */
  without: 'hung' | 'lost' | 'survives'
  limitSeconds: number
  env?: Record<string, string>
}

// Below this an agent's keepAlive, 1 s, did not reach TLS sockets before their first return to the
// pool (nodejs/node#62004).
const armsTls = satisfies(process.versions.node, '>=24.15 <25 || >=26')

const LIMIT_SECONDS = 5
// The AWS SDK arms keepalive three seconds into a request: in time for five, too late for this one.
const SHORT_LIMIT_SECONDS = 2

const story = { limitSeconds: LIMIT_SECONDS }
const waiting = { ...story, mode: 'waiting', without: 'hung' } as const
const pooled = { ...story, mode: 'pooled', without: 'lost' } as const
// Node's agents set 1 s when a connection returns to the pool.
const pooledByAgent = { ...pooled, without: 'survives' } as const

const aws2Reuse = { AWS_NODEJS_CONNECTION_REUSE_ENABLED: '1' }

export const cases: readonly Case[] = [
  { client: 'aws3-default', server: 'https', ...waiting, without: 'survives' },
  {
    client: 'aws3-default',
    server: 'https',
    mode: 'waiting',
    limitSeconds: SHORT_LIMIT_SECONDS,
    without: armsTls ? 'survives' : 'lost',
  },
  { client: 'aws3-default', server: 'https', ...pooledByAgent },
  { client: 'aws3-199', server: 'https', ...waiting, without: armsTls ? 'survives' : 'hung' },
  { client: 'aws3-199', server: 'https', ...pooledByAgent },
  { client: 'aws3-no-keepalive', server: 'https', ...waiting },
  { client: 'aws3-http2', server: 'http2', ...waiting },
  { client: 'aws3-http2', server: 'http2', ...pooled },
  { client: 'aws2', server: 'https', ...waiting },
  { client: 'aws2', server: 'https', ...pooledByAgent, env: aws2Reuse },
  { client: 'https-no-agent', server: 'https', ...waiting },
  { client: 'http2', server: 'http2', ...waiting },
  { client: 'http2', server: 'http2', ...pooled },
  { client: 'pg', server: 'postgres', ...waiting },
  { client: 'pg', server: 'postgres', ...pooled },
  { client: 'ws', server: 'ws', ...waiting },
  { client: 'ws', server: 'ws', ...pooled },
  { client: 'net', server: 'net', ...waiting },
  { client: 'net', server: 'net', ...pooled },
]
