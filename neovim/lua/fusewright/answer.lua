--- Shows a kernel while it is being written, in a window of its own below.

local M = {}

local name = 'fusewright://kernel'
local height = 12

local function buffer()
  local bufnr = vim.fn.bufnr(name)
  if bufnr == -1 then
    bufnr = vim.api.nvim_create_buf(false, true)
    vim.api.nvim_buf_set_name(bufnr, name)
    vim.bo[bufnr].bufhidden = 'hide'
    vim.bo[bufnr].swapfile = false
    -- The highlighting alone: as a Python file it would be the server's to read.
    vim.bo[bufnr].syntax = 'python'
  end
  return bufnr
end

local function open(bufnr)
  if vim.fn.bufwinid(bufnr) ~= -1 then
    return
  end
  local back = vim.api.nvim_get_current_win()
  vim.cmd('botright ' .. height .. 'split')
  vim.api.nvim_win_set_buf(0, bufnr)
  vim.wo[0].winfixheight = true
  vim.api.nvim_set_current_win(back)
end

--- Takes the next piece.
function M.take(answer)
  local bufnr = buffer()
  if answer.stage == 'begin' then
    vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, { '# ' .. answer.writer .. ' writes', '', '' })
    open(bufnr)
  end
  local last = vim.api.nvim_buf_get_lines(bufnr, -2, -1, false)[1] or ''
  vim.api.nvim_buf_set_lines(bufnr, -2, -1, false, vim.split(last .. answer.text, '\n'))
  local window = vim.fn.bufwinid(bufnr)
  if window ~= -1 then
    vim.api.nvim_win_set_cursor(window, { vim.api.nvim_buf_line_count(bufnr), 0 })
  end
end

return M
