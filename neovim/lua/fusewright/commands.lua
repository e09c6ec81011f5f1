--- The user commands: each runs the server's command of the same name.

local client = require('fusewright.client')

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

--- Ends the pair's verification.
function M.cancel()
  local bufnr, arguments = here()
  client.execute(bufnr, 'fusewright.cancel', arguments)
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
