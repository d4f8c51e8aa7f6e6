// What a store in Redis asks of its server, a script a step, so that each step happens whole. Keys of a bucket:
//
//   n     the next number of an entry          e     id → entry, a hash
//   i     ids, all with score 0: in the order of appending          d     ids by due time          l     leased ids by the end of the lease
//   k     keys of values, all with score 0                          v:…   a value: a hash of value, revision, expires
//
// and for all buckets together: `buckets`, the names of those that were ever used, and `revision`. Numbers travel as text: Lua would round them.

/** KEYS n e i d, buckets; ARGV bucket, then due and entry of each. */
const append = `
  local ids = {}
  for at = 2, #ARGV, 2 do
    local id = string.format('%016d', redis.call('INCR', KEYS[1]))
    redis.call('HSET', KEYS[2], id, ARGV[at + 1])
    redis.call('ZADD', KEYS[3], 0, id)
    redis.call('ZADD', KEYS[4], ARGV[at], id)
    ids[#ids + 1] = id
  end
  redis.call('SADD', KEYS[5], ARGV[1])
  return ids`

/** KEYS e i d l; ARGV order, limit, due, due and id of the last one of the page before (both empty: none), now and end of a lease (both
 *  empty: none is taken). Gives id and entry in turn. */
const read = `
  local page, offset, limit = {}, 0, tonumber(ARGV[2])
  local byDue, lease = ARGV[1] == 'due', ARGV[6] ~= ''
  while #page < 2 * limit do
    local ids
    if byDue then
      local from = ARGV[4] == '' and '-inf' or ARGV[4]
      ids = redis.call('ZRANGEBYSCORE', KEYS[3], from, ARGV[3], 'LIMIT', offset, 128)
    else
      local from = ARGV[5] == '' and '-' or '(' .. ARGV[5]
      ids = redis.call('ZRANGEBYLEX', KEYS[2], from, '+', 'LIMIT', offset, 128)
    end
    if #ids == 0 then break end
    offset = offset + #ids
    for _, id in ipairs(ids) do
      local wanted = #page < 2 * limit
      if wanted and byDue and ARGV[5] ~= '' and id <= ARGV[5] then
        local due = redis.call('ZSCORE', KEYS[3], id)
        wanted = tonumber(due) > tonumber(ARGV[4])
      end
      if wanted and not byDue and ARGV[3] ~= '+inf' then
        wanted = tonumber(redis.call('ZSCORE', KEYS[3], id)) <= tonumber(ARGV[3])
      end
      if wanted and lease then
        local ends = redis.call('ZSCORE', KEYS[4], id)
        wanted = not ends or tonumber(ends) <= tonumber(ARGV[6])
      end
      if wanted then
        page[#page + 1] = id
        page[#page + 1] = redis.call('HGET', KEYS[1], id)
        if lease then redis.call('ZADD', KEYS[4], ARGV[7], id) end
      end
    end
  end
  return page`

/** KEYS e d l; ARGV id, due and entry as it was, due and entry as it shall be. Gives 1, 0 when it is gone, 2 when it changed meanwhile. */
const update = `
  local known = redis.call('HGET', KEYS[1], ARGV[1])
  if not known then return 0 end
  if known ~= ARGV[2] then return 2 end
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[4])
  redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
  redis.call('ZREM', KEYS[3], ARGV[1])
  return 1`

/** KEYS e i d l; ARGV ids. Gives 1 or 0 for each. */
const remove = `
  local found = {}
  for at, id in ipairs(ARGV) do
    found[at] = redis.call('HDEL', KEYS[1], id)
    redis.call('ZREM', KEYS[2], id)
    redis.call('ZREM', KEYS[3], id)
    redis.call('ZREM', KEYS[4], id)
  end
  return found`

/** KEYS i d l e; ARGV now. Gives waiting, due, leased and the oldest entry. */
const summary = `
  local oldest = redis.call('ZRANGE', KEYS[1], 0, 0)[1]
  return {
    redis.call('ZCARD', KEYS[1]),
    redis.call('ZCOUNT', KEYS[2], '-inf', ARGV[1]),
    redis.call('ZCOUNT', KEYS[3], '(' .. ARGV[1], '+inf'),
    oldest and redis.call('HGET', KEYS[4], oldest) or false }`

/** KEYS v k, revision; ARGV key, value, now, revision wanted ("*": any, "": absent), expires ("": never), life on the server (0: for ever). */
const put = `
  local known = redis.call('HMGET', KEYS[1], 'revision', 'expires')
  local revision = known[1] or ''
  if revision ~= '' and known[2] ~= '' and tonumber(known[2]) <= tonumber(ARGV[3]) then revision = '' end
  if ARGV[4] ~= '*' and ARGV[4] ~= revision then return false end
  local new = redis.call('INCR', KEYS[3])
  redis.call('HSET', KEYS[1], 'value', ARGV[2], 'revision', new, 'expires', ARGV[5])
  if ARGV[6] == '0' then redis.call('PERSIST', KEYS[1]) else redis.call('PEXPIRE', KEYS[1], ARGV[6]) end
  redis.call('ZADD', KEYS[2], 0, ARGV[1])
  return tostring(new)`

/** KEYS v k; ARGV key, revision wanted ("*": any). */
const drop = `
  local revision = redis.call('HGET', KEYS[1], 'revision')
  if not revision or (ARGV[2] ~= '*' and ARGV[2] ~= revision) then return 0 end
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[2], ARGV[1])
  return 1`

export const scripts = { append, read, update, remove, summary, put, drop } as const

export type ScriptName = keyof typeof scripts

export type Argument = string | number | Buffer

/** Runs a script; texts come back as Buffers. */
export type RunScript = (name: ScriptName, keys: readonly string[], args: readonly Argument[]) => Promise<unknown>
