-- Kernels written from a headless Neovim: into the pair, too late, and for a function of any file. The environment
-- names the plugin, the server's binary, a pair, a module, and a program that answers as a model
-- does, its second half when it is let.

local plugin = os.getenv('FUSEWRIGHT_TEST_PLUGIN')
local server = os.getenv('FUSEWRIGHT_TEST_BINARY')
local pair = os.getenv('FUSEWRIGHT_TEST_PAIR')
local module = os.getenv('FUSEWRIGHT_TEST_MODULE')
local program = os.getenv('FUSEWRIGHT_TEST_PROGRAM')

local limit_ms = 30000
local told = {}
vim.notify = function(text)
  told[#told + 1] = text
end

local function await(what, condition)
  if not vim.wait(limit_ms, condition, 20) then
    error('waited in vain for ' .. what .. '\ntold:\n  ' .. table.concat(told, '\n  '))
  end
end

local function text(bufnr)
  return table.concat(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false), '\n')
end

local function said(words)
  for _, line in ipairs(told) do
    if line:find(words, 1, true) then
      return line
    end
  end
end

-- Lets the model answer to its end, or has it wait after its first half.
local function let_end(whether)
  if whether then
    vim.fn.writefile({}, program .. '.go')
  else
    os.remove(program .. '.go')
  end
end

local function ready(bufnr)
  await('the server', function()
    return require('fusewright.client').get(bufnr) ~= nil
  end)
end

local function status()
  return vim.b.fusewright_status or ''
end

local function run()
  vim.opt.runtimepath:prepend(plugin)
  vim.g.fusewright = {
    cmd = { server, 'server' },
    settings = { model = { provider = 'command', command = { program } } },
  }
  vim.cmd('runtime plugin/fusewright.lua')
  vim.cmd('filetype on')
  vim.cmd('edit ' .. vim.fn.fnameescape(pair))
  local bufnr = vim.api.nvim_get_current_buf()
  ready(bufnr)
  local before = text(bufnr)
  vim.cmd('let &undolevels = &undolevels')

  -- The kernel is seen while it comes, and is one step of undo.
  vim.cmd('FusewrightGenerate')
  await('the kernel while it is written', function()
    local shown = vim.fn.bufnr('fusewright://kernel')
    return shown ~= -1
      and text(shown):find('the first half', 1, true)
      and status():find('writing the kernel', 1, true)
  end)
  assert(vim.api.nvim_get_current_buf() == bufnr, 'the focus stays in the pair')
  assert(text(bufnr) == before, 'nothing is in the document before the answer is whole')
  let_end(true)
  await('the kernel', function()
    return text(bufnr):find('the second half', 1, true) ~= nil
  end)
  await('the word of it', function()
    return said('wrote the kernel in')
  end)
  vim.cmd('silent undo')
  assert(text(bufnr) == before, 'one step of undo takes the kernel back')
  await('the end of the status', function()
    return not status():find('writing', 1, true)
  end)

  -- Cancelled while it is being written.
  let_end(false)
  vim.cmd('FusewrightGenerate')
  await('the writing', function()
    return status():find('writing the kernel', 1, true)
  end)
  vim.cmd('FusewrightCancel')
  await('its end', function()
    return not status():find('writing', 1, true)
  end)
  assert(text(bufnr) == before)

  -- The block is edited meanwhile: the kernel is kept beside, and the edit stays.
  vim.cmd('FusewrightGenerate')
  await('the writing again', function()
    return status():find('writing the kernel', 1, true)
  end)
  local at = vim.fn.search('# <TRITON>', 'nw')
  vim.api.nvim_buf_set_lines(bufnr, at, at, false, { '# my own words' })
  local mine = text(bufnr)
  -- Neovim tells of an edit after a moment.
  vim.wait(1000)
  let_end(true)
  local kept = pair:gsub('%.py$', '.late-1.py')
  await('the file beside', function()
    return vim.fn.filereadable(kept) == 1
  end)
  assert(table.concat(vim.fn.readfile(kept), '\n'):find('the second half', 1, true))
  assert(text(bufnr) == mine, 'the edit of the user stays')
  vim.cmd('silent write')
  vim.fn.delete(kept)

  -- What is typed just before the answer, and not told to the server yet, is not lost.
  local function type_as_it_arrives(edit)
    local handler = vim.lsp.handlers['workspace/applyEdit']
    vim.lsp.handlers['workspace/applyEdit'] = function(...)
      vim.lsp.handlers['workspace/applyEdit'] = handler
      edit()
      return handler(...)
    end
    await('the end of the work before', function()
      return status() == 'not verified'
    end)
    vim.cmd('FusewrightGenerate')
    await('the edit of the server', function()
      return vim.lsp.handlers['workspace/applyEdit'] == handler
    end)
  end
  -- In the block that is replaced: the kernel goes beside it.
  type_as_it_arrives(function()
    vim.api.nvim_buf_set_lines(bufnr, at, at, false, { '# typed in the block' })
    mine = text(bufnr)
  end)
  await('the file beside', function()
    return vim.fn.filereadable(kept) == 1
  end)
  assert(text(bufnr) == mine, 'what was typed in the block stays:\n' .. text(bufnr))
  -- Above it: the kernel goes to where its block is now.
  type_as_it_arrives(function()
    vim.api.nvim_buf_set_lines(bufnr, 0, 0, false, { '# typed above', '# in two lines' })
    mine = text(bufnr)
  end)
  await('the kernel', function()
    return text(bufnr):find('the second half', 1, true) ~= nil
  end)
  local from, to = mine:find('# <TRITON>\n.-# </TRITON>')
  local now = text(bufnr)
  local from_now, to_now = now:find('# <TRITON>\n.-# </TRITON>')
  assert(mine:sub(1, from) == now:sub(1, from_now), 'nothing above the block is touched:\n' .. now)
  assert(mine:sub(to) == now:sub(to_now), 'nothing below the block is touched:\n' .. now)
  vim.cmd('silent write')

  -- A function of another file becomes a pair.
  vim.cmd('edit ' .. vim.fn.fnameescape(module))
  ready(0)
  vim.cmd('4,5FusewrightGenerate')
  local new = vim.fn.fnamemodify(module, ':h') .. '/' .. 'scale_torch_pair.py'
  await('the new pair', function()
    local there = vim.fn.bufnr(new)
    local lines = there ~= -1 and vim.api.nvim_buf_is_loaded(there) and text(there)
      or vim.fn.filereadable(new) == 1 and table.concat(vim.fn.readfile(new), '\n')
      or ''
    return lines:find('# <PYTHON>\nimport torch\n', 1, true) and lines:find('the second half', 1, true)
  end)
end

local ok, problem = pcall(run)
if not ok then
  io.stderr:write(tostring(problem) .. '\n')
  vim.cmd('cquit! 1')
end
vim.cmd('qall!')
