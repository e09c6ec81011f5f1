--- The user commands: each runs the server's command of the same name.

local client = require('fusewright.client')
local config = require('fusewright.config')

local M = {}

local function verdict_text(line)
  if line.verdict == 'pass' and type(line.speedup) == 'number' then
    return string.format('pass, %.2fx as fast', line.speedup)
  end
  local reason = type(line.reason) == 'string' and line.reason or ''
  local verdict = type(line.verdict) == 'string' and line.verdict or 'not judged'
  return reason ~= '' and (verdict .. ': ' .. reason) or verdict
end

local function say(text)
  vim.notify('fusewright: ' .. text, vim.log.levels.INFO)
end

local function here()
  local bufnr = vim.api.nvim_get_current_buf()
  return bufnr, { vim.uri_from_bufnr(bufnr) }
end

local function written(answer)
  -- What did not go as it was meant, the server says itself.
  if type(answer) == 'table' and answer.applied then
    say(answer.message)
  end
end

--- Judges the pair in the current buffer, as it stands in the editor.
function M.verify()
  local bufnr, arguments = here()
  client.execute(bufnr, 'fusewright.verify', arguments, function(line)
    if type(line) == 'table' then
      say(verdict_text(line))
    end
  end)
end

--- Appends the pair to the dataset.
function M.archive()
  local bufnr, arguments = here()
  client.execute(bufnr, 'fusewright.archive', arguments, function(archived)
    if type(archived) == 'table' then
      say(string.format('archived as line %d of %s', archived.line, archived.path))
    end
  end)
end

--- Has the kernel of the pair written. In any other Python file, the function on the lines from `first` to `last`
--- becomes a pair of its own.
function M.generate(first, last)
  local bufnr, arguments = here()
  if first then
    local text = vim.api.nvim_buf_get_lines(bufnr, last - 1, last, false)[1] or ''
    arguments[2] = {
      range = {
        start = { line = first - 1, character = 0 },
        ['end'] = { line = last - 1, character = #text },
      },
    }
  else
    local at = { line = vim.api.nvim_win_get_cursor(0)[1] - 1, character = 0 }
    arguments[2] = { range = { start = at, ['end'] = at } }
  end
  client.execute(bufnr, 'fusewright.generate', arguments, written)
end

--- Has the kernel mended, by what its verdict says.
function M.fix()
  local bufnr, arguments = here()
  client.execute(bufnr, 'fusewright.fix', arguments, written)
end

--- Ends what runs on this buffer.
function M.cancel()
  local bufnr, arguments = here()
  client.execute(bufnr, 'fusewright.cancel', arguments)
end

--- Works at ideas and tasks: `what` is "next", "all", "task", or an idea's line in fusion_ideas.txt.
function M.run(what)
  local bufnr, arguments = here()
  local command = 'fusewright.runIdea'
  if what == 'next' or what == '' then
    command = 'fusewright.nextIdea'
  elseif what == 'task' then
    command = 'fusewright.runTask'
  elseif what == 'all' then
    arguments[2] = { all = true }
  elseif tonumber(what) then
    arguments[2] = { idea = tonumber(what) }
  else
    vim.notify('fusewright: :FusewrightRun takes next, all, task, or the line of an idea', vim.log.levels.ERROR)
    return
  end
  client.execute(bufnr, command, arguments)
end

--- Gives up what is being worked at; only what the loop wrote is deleted.
function M.abandon()
  local bufnr, arguments = here()
  client.execute(bufnr, 'fusewright.abandon', arguments, function(answer)
    if type(answer) == 'table' then
      say(answer.message)
    end
  end)
end

--- Puts the pair into the other style.
function M.convert()
  local bufnr, arguments = here()
  client.execute(bufnr, 'fusewright.convert', arguments, function(converted)
    if type(converted) == 'table' then
      say('the pair is in the ' .. converted.style .. ' style now')
    end
  end)
end

--- Lays out a workspace in a folder, or in the one that Neovim is in.
function M.init(folder)
  folder = vim.fn.fnamemodify(folder ~= '' and vim.fn.expand(folder) or vim.fn.getcwd(), ':p')
  local bufnr = vim.api.nvim_get_current_buf()
  if client.get(bufnr) then
    -- The server says itself what it made.
    client.execute(bufnr, 'fusewright.init', { vim.uri_from_fname(folder) })
    return
  end
  -- Nothing of Fusewright's may be open yet, least of all in a new folder.
  local cmd = vim.deepcopy(config.cmd())
  if vim.fn.executable(cmd[1]) ~= 1 then
    client.missing(cmd[1])
    return
  end
  -- What stands before the server's own word is how the program is reached.
  cmd[math.max(#cmd, 2)] = 'init'
  cmd[#cmd + 1] = folder
  local answer = vim.fn.systemlist(cmd)
  if vim.v.shell_error == 0 then
    say('laid out a workspace in ' .. folder)
  else
    vim.notify('fusewright: ' .. table.concat(answer, '\n'), vim.log.levels.ERROR)
  end
end

--- Shows what this machine has and lacks, in a window of its own.
function M.doctor()
  local bufnr = here()
  client.execute(bufnr, 'fusewright.doctor', {}, function(report)
    if type(report) ~= 'string' then
      return
    end
    vim.cmd('botright new')
    local scratch = vim.api.nvim_get_current_buf()
    vim.bo[scratch].buftype = 'nofile'
    vim.bo[scratch].bufhidden = 'wipe'
    vim.bo[scratch].swapfile = false
    vim.api.nvim_buf_set_lines(scratch, 0, -1, false, vim.split(report, '\n'))
    vim.bo[scratch].modifiable = false
  end)
end

return M
